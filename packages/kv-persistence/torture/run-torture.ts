/**
 * The long torture of the key-value store: processes killed at random moments on SQLite, then on a Redis server of its own.
 *
 * Usage: pnpm torture kv [--kills N] [--workers N] [--seed N]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { KvStoreOptions } from '@holdfast/kv-persistence'
import { startRedisServer } from '@holdfast/testkit/redis-server'
import { tortureKv } from './torture-kv.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    workers: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'holdfast-torture-'))
console.log(`Seed ${values.seed}, in ${folder}`)
await using server = await startRedisServer()
const stores: readonly KvStoreOptions[] = [
  { type: 'sqlite', path: join(folder, 'kv.sqlite'), timeoutMs: 60_000 },
  { type: 'redis', host: '127.0.0.1', port: server.port, timeoutMs: 60_000 },
]
let bad = 0
for (const store of stores) {
  const random = seeded(Number(values.seed))
  const report = await tortureKv({ store, kills: Number(values.kills), workers: Number(values.workers), random })
  console.log(
    `${store.type}: ${report.kills} kills, ${report.acknowledged} acknowledgements, ${report.violations.length} violations`,
  )
  for (const violation of report.violations) console.error(violation)
  bad += report.violations.length
}
if (bad === 0) rmSync(folder, { recursive: true })
process.exitCode = bad === 0 ? 0 : 1

/** A small generator, so that a seed gives similar moments again. */
function seeded(seed: number): () => number {
  let state = seed + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
