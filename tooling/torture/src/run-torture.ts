/**
 * The long torture: 200 kills over 60 runs with 4 workers, or as the arguments say.
 *
 * Usage: pnpm torture --pipeline [options of run-pipeline-torture.ts]
 *        pnpm torture [--kills N] [--runs N] [--workers N] [--seed N] [--server]    (--server: archive on a UconDB server)
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { serveUconDb } from './serve-ucondb.ts'
import { tortureArchiver } from './torture-archiver.ts'

if (process.argv.includes('--pipeline')) {
  const script = join(import.meta.dirname, 'run-pipeline-torture.ts')
  const { status } = spawnSync(
    process.execPath,
    [script, ...process.argv.slice(2).filter((arg) => arg !== '--pipeline')],
    { stdio: 'inherit' },
  )
  process.exit(status ?? 1)
}

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    runs: { type: 'string', default: '60' },
    workers: { type: 'string', default: '4' },
    server: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'holdfast-torture-'))
const numbers = {
  kills: Number(values.kills),
  runs: Number(values.runs),
  workers: Number(values.workers),
  seed: Number(values.seed),
}
console.log(`Seed ${numbers.seed}, in ${folder}`)
const { kills, executions, violations } = await tortureArchiver({
  folder,
  ...numbers,
  ...(values.server ? { startArchive: serveUconDb } : {}),
})
for (const violation of violations) console.error(violation)
console.log(`${kills} kills in ${executions} executions, ${violations.length} violations`)
if (violations.length === 0) rmSync(folder, { recursive: true })
process.exitCode = violations.length === 0 ? 0 : 1
