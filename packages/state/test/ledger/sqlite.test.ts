import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { checkLedger } from '../../src/index.js'
import { openQuietly } from './support.js'

const dir = useTempDir()
const path = (): string => join(dir(), 'processed.db')

/** What a killed process leaves: its last commits are in the log only. */
async function layOutLog(): Promise<void> {
  const live = join(dir(), 'live.db')
  const ledger = await openQuietly(live)
  await ledger.markProcessed({ asin: 'A', title: 'Only in the log' })
  for (const ending of ['', '-wal', '-shm']) copyFileSync(`${live}${ending}`, `${path()}${ending}`)
  await ledger.close()
  for (const name of readdirSync(dir())) if (name.startsWith('live')) rmSync(join(dir(), name))
}

test('readOnly reads what a killed process has left in the log, and leaves it there', async () => {
  await layOutLog()
  const before = [readFileSync(path()), readFileSync(`${path()}-wal`)]
  await using ledger = await openQuietly(path(), { readOnly: true })
  expect((await ledger.list()).processed.map(({ title }) => title)).toEqual(['Only in the log'])
  await ledger.close()
  expect([readFileSync(path()), readFileSync(`${path()}-wal`)]).toEqual(before)
  await using writer = await openQuietly(path())
  expect((await writer.list()).counts.processed).toBe(1)
})

test('readOnly leaves a database that has nothing in it yet as it is', async () => {
  writeFileSync(path(), '')
  await using ledger = await openQuietly(path(), { readOnly: true })
  expect((await ledger.list()).counts).toEqual({ processed: 0, failed: 0 })
  await checkLedger(path())
  expect(readFileSync(path(), 'utf8')).toBe('')
  expect(readdirSync(dir())).toEqual(['processed.db'])
})

test('readOnly leaves a database that its maker had no time to fill as it is', async () => {
  const maker = new DatabaseSync(path())
  maker.exec('PRAGMA journal_mode = WAL')
  maker.close()
  const before = readFileSync(path())
  const ledger = await openQuietly(path(), { readOnly: true })
  expect((await ledger.list()).counts).toEqual({ processed: 0, failed: 0 })
  await ledger.close()
  expect(readFileSync(path())).toEqual(before)
})

test('nobody can commit between what a change has read and its own commit, even when the lock file is deleted', async () => {
  await using ledger = await openQuietly(path())
  await ledger.markProcessed({ asin: 'A' })
  const attempts: string[] = []
  const now = (): number => {
    rmSync(`${path()}.lock`)
    const other = new DatabaseSync(path(), { timeout: 0 })
    try {
      other.exec('BEGIN IMMEDIATE')
      attempts.push('was let in')
    } catch (error) {
      attempts.push(String(error))
    } finally {
      other.close()
    }
    return 1_772_000_000_000
  }
  await using changing = await openQuietly(path(), {}, { now })
  await changing.markProcessed({ asin: 'B' })
  expect(attempts).toEqual([expect.stringContaining('database is locked')])
  expect((await ledger.list()).counts.processed).toBe(2)
})

test('a change of a database that was removed or replaced while it was open is refused', async () => {
  await using ledger = await openQuietly(path())
  await ledger.markProcessed({ asin: 'A' })
  rmSync(path())
  await expect(ledger.markProcessed({ asin: 'B' })).rejects.toMatchObject({ code: 'ERR_STATE_WRITE' })
  writeFileSync(path(), '')
  await expect(ledger.markProcessed({ asin: 'B' })).rejects.toMatchObject({ code: 'ERR_STATE_WRITE' })
})

test('damage that a change or an export meets on its way is a typed error, and no export appears', async () => {
  const ledger = await openQuietly(path())
  await Promise.all(
    Array.from({ length: 400 }, (_, n) => ledger.markProcessed({ asin: `A${n}`, title: 'x'.repeat(99) })),
  )
  await ledger.close()
  const bytes = readFileSync(path())
  // All but the first pages, which hold the tables' definitions and roots.
  bytes.fill(0xff, 4096 * 8)
  writeFileSync(path(), bytes)
  await using damaged = await openQuietly(path())
  const outcomes = await Promise.allSettled(Array.from({ length: 400 }, (_, n) => damaged.clear(`A${n}`)))
  const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
  expect(new Set(codes)).toEqual(new Set(['ERR_STATE_CORRUPT']))
  await expect(damaged.exportTo(join(dir(), 'export.json'))).rejects.toMatchObject({ code: 'ERR_STATE_CORRUPT' })
  expect(existsSync(join(dir(), 'export.json'))).toBe(false)
})

test('an entry that is not JSON is damage', async () => {
  const maker = await openQuietly(path())
  await maker.markFailed({ asin: 'A' }, 'MARK')
  await maker.close()
  writeFileSync(path(), readFileSync(path(), 'latin1').replace('"MARK"', '"MARK~'), 'latin1')
  await using ledger = await openQuietly(path())
  await expect(ledger.list()).rejects.toMatchObject({ code: 'ERR_STATE_CORRUPT' })
  await expect(ledger.retry('A')).rejects.toMatchObject({ code: 'ERR_STATE_CORRUPT' })
})
