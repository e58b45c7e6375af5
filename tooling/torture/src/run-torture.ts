/**
 * The long tortures. Without a name all are run; options belong to the one that is named.
 *
 * Usage: pnpm torture [archiver|week|store|kv|pipeline|fetcher] [options]    (see run-archiver.ts, run-week.ts, run-pipeline-torture.ts, and torture/run-torture.ts of txn-store, kv-persistence and fetcher)
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SCRIPTS: Readonly<Record<string, URL>> = {
  archiver: new URL('run-archiver.ts', import.meta.url),
  week: new URL('run-week.ts', import.meta.url),
  store: new URL('torture/run-torture.ts', import.meta.resolve('@holdfast/txn-store/package.json')),
  kv: new URL('torture/run-torture.ts', import.meta.resolve('@holdfast/kv-persistence/package.json')),
  pipeline: new URL('run-pipeline-torture.ts', import.meta.url),
  fetcher: new URL('torture/run-torture.ts', import.meta.resolve('@holdfast/fetcher/package.json')),
}

const [first, ...rest] = process.argv.slice(2)
const chosen = first === undefined ? Object.values(SCRIPTS) : [SCRIPTS[first]]
for (const script of chosen) {
  if (script === undefined)
    throw new RangeError(`There is no torture '${first}', but ${Object.keys(SCRIPTS).join(', ')}`)
  const { status } = spawnSync(process.execPath, [fileURLToPath(script), ...rest], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = status ?? 1
}
