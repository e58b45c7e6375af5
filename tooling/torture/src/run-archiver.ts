/**
 * The long torture of the archiver: 200 kills over 60 runs with 4 workers, or as the arguments say.
 *
 * Usage: pnpm torture archiver [--kills N] [--runs N] [--workers N] [--seed N] [--server]    (--server: archive on a UconDB server)
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { serveUconDb } from './serve-ucondb.ts'
import { tortureArchiver } from './torture-archiver.ts'

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
