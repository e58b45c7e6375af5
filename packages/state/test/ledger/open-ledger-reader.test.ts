/** The reader for programs that live shortly, beside the ledger itself: whatever is on the disk, both say the same. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { type LedgerReader, ReleaseLedger } from '../../src/index.js'
import * as readerApi from '../../src/ledger/reader/index.js'
import { recordingLogger } from '../support/recording-logger.js'
import { openQuietly } from './support.js'

const dir = useTempDir()
const { openLedgerReader } = readerApi
const path = (): string => join(dir(), 'processed.json')

test('the subpath exports these names', () => {
  expect(Object.keys(readerApi).sort()).toEqual([
    'RELEASE_STAGES',
    'formatLocalTime',
    'openLedgerReader',
    'parseLocalTime',
  ])
})

const GOOD = '{"failed": {}, "processed": {"B": {"title": "b"}, "A": {}}, "version": 2}'

test.each<{ name: string; content: string | Uint8Array | undefined; backup?: string }>([
  { name: 'a good one', content: GOOD },
  { name: 'one with a byte-order mark', content: `\ufeff${GOOD}` },
  {
    name: 'one of version 1',
    content: '{"processed": {"A": {}}, "failed": {"B": {"failed_at": "2026-03-02T08:00:00"}}}',
  },
  { name: 'one of version true', content: '{"version": true, "processed": {}, "failed": {}}' },
  { name: 'one without maps', content: '{"version": 2}' },
  { name: 'none', content: undefined },
  { name: 'none, with a backup', content: undefined, backup: GOOD },
  { name: 'an empty one', content: '' },
  { name: 'an empty one, with a backup', content: '', backup: GOOD },
  { name: 'one that is cut', content: GOOD.slice(0, 40), backup: GOOD },
  { name: 'one that is cut, without a backup', content: GOOD.slice(0, 40) },
  { name: 'one that is not UTF-8', content: Buffer.from(GOOD.replace('"b"', '"\u00fc"'), 'latin1'), backup: GOOD },
  { name: 'one of a newer version', content: '{"version": 3, "processed": {}, "failed": {}}', backup: GOOD },
  { name: 'one whose version is a text', content: '{"version": "2", "processed": {}, "failed": {}}', backup: GOOD },
  { name: 'an array', content: '[]', backup: GOOD },
  { name: 'null', content: 'null', backup: GOOD },
  {
    name: 'one with an entry that is none',
    content: '{"version": 2, "processed": {"A": []}, "failed": {}}',
    backup: GOOD,
  },
  {
    name: 'one with too many digits',
    content: '{"version": 2, "processed": {"A": {"n": [9007199254740993]}}, "failed": {}}',
  },
  {
    name: 'one with a large number',
    content: '{"version": 2, "processed": {"A": {"n": 9007199254740994}}, "failed": {}}',
  },
  { name: 'one beyond the range', content: '{"version": 2, "processed": {"A": {"n": -1e999}}, "failed": {}}' },
  {
    name: 'one that is encrypted',
    content: '{"holdfast": "encrypted document", "key": "k", "version": 2, "processed": {}, "failed": {}}',
  },
])('openLedgerReader() of $name gives what ReleaseLedger gives, and changes nothing', async ({ content, backup }) => {
  if (content !== undefined) writeFileSync(path(), content)
  if (backup !== undefined) writeFileSync(`${path()}.bak`, backup)
  const files = readdirSync(dir())
  const [told, expectedTold] = [recordingLogger(), recordingLogger()]
  const given = await answersOf(openLedgerReader(path(), { logger: told }))
  const expected = await answersOf(ReleaseLedger.open(path(), { readOnly: true, logger: expectedTold }))
  expect(given).toEqual(expected)
  expect(told.lines).toEqual(expectedTold.lines)
  expect(readdirSync(dir())).toEqual(files)
  expect(existsSync(path()) ? readFileSync(path()) : undefined).toEqual(
    content === undefined ? undefined : Buffer.from(content),
  )
})

test('openLedgerReader() of a folder, or of what is below a file, gives the errors of ReleaseLedger', async () => {
  mkdirSync(join(dir(), 'folder'))
  writeFileSync(join(dir(), 'file'), GOOD)
  for (const name of ['folder', 'file/below']) {
    const given = await answersOf(openLedgerReader(join(dir(), name)))
    expect(given).toEqual(await answersOf(ReleaseLedger.open(join(dir(), name), { readOnly: true })))
  }
  await expect(openLedgerReader('')).rejects.toThrow(TypeError)
})

test('openLedgerReader() follows links, and reads a database', async () => {
  writeFileSync(path(), GOOD)
  symlinkSync(path(), join(dir(), 'link.json'))
  const linked = await answersOf(openLedgerReader(join(dir(), 'link.json')))
  expect(linked).toEqual(await answersOf(ReleaseLedger.open(join(dir(), 'link.json'), { readOnly: true })))
  const database = join(dir(), 'processed.db')
  await using ledger = await openQuietly(database)
  await ledger.markProcessed({ asin: 'A' })
  await using reader = await openLedgerReader(database)
  expect(reader.storageKind).toBe('sqlite')
  expect(await reader.export()).toBe(await ledger.export())
})

test('a reader that is open sees every commit, those in a journal too', async () => {
  writeFileSync(path(), GOOD)
  await using reader = await openLedgerReader(path())
  const idsOf = async (): Promise<string[]> => (await reader.list()).processed.map(({ id }) => id)
  expect(await idsOf()).toEqual(['A', 'B'])
  {
    await using ledger = await openQuietly(path())
    await ledger.clear('B')
    expect(await idsOf()).toEqual(['A'])
  }
  {
    await using ledger = await openQuietly(path(), { storage: 'journal' })
    const before = readFileSync(path(), 'utf8')
    await ledger.clear('A')
    await ledger.markFailed({ asin: 'C' }, 'no')
    // The file is what it was: the changes are only in the journal.
    expect(readFileSync(path(), 'utf8')).toBe(before)
    expect(await idsOf()).toEqual([])
    await using late = await openLedgerReader(path())
    expect(await late.export()).toBe(await ledger.export())
  }
  expect((await reader.list()).failed.map(({ id }) => id)).toEqual(['C'])
  rmSync(path())
  rmSync(`${path()}.bak`)
  expect((await reader.list()).counts).toEqual({ processed: 0, failed: 0 })
})

test('listEntries() gives the entries of list(), in its order', async () => {
  const entry = (at: string, status: string): object => ({ processed_at: at, status })
  const processed = {
    old: entry('2026-01-01', 'COMPLETE'),
    none: { status: 'COMPLETE' },
    new: entry('2026-03-01T10:00:00', 'COMPLETE'),
    other: entry('2026-03-02', 'STAGED'),
  }
  const failed = { late: { failed_at: '2026-02-01' }, first: { failed_at: '2026-02-02' } }
  writeFileSync(path(), JSON.stringify({ processed, failed, version: 2 }))
  await using reader = await openLedgerReader(path())
  const { counts, matching, ...entries } = await reader.listEntries({ status: ['COMPLETE', 'FAILED'], limit: 2 })
  expect(counts).toEqual({ processed: 4, failed: 2 })
  expect(matching).toEqual({ processed: 3, failed: 2 })
  expect(entries.processed.map(({ id, entry }) => [id, entry])).toEqual([
    ['new', processed.new],
    ['old', processed.old],
  ])
  expect(entries.failed.map(({ id }) => id)).toEqual(['first', 'late'])
  for (const options of [
    {},
    { limit: 1 },
    { maps: ['failed'] as const },
    { sinceMs: Date.parse('2026-02-01T00:00:00') },
  ]) {
    const [rows, releases] = [await reader.listEntries(options), await reader.list(options)]
    expect(rows.processed.map(({ id }) => id)).toEqual(releases.processed.map(({ id }) => id))
    expect(rows.failed.map(({ id }) => id)).toEqual(releases.failed.map(({ id }) => id))
    expect(rows.matching).toEqual(releases.matching)
  }
  await expect(reader.listEntries({ limit: -1 })).rejects.toThrow(RangeError)
})

/** All that it says, or how it fails. */
async function answersOf(opening: Promise<LedgerReader & AsyncDisposable>): Promise<unknown> {
  try {
    await using ledger = await opening
    const { path: name, storageKind } = ledger
    return { name, storageKind, list: await ledger.list(), text: await ledger.export(), check: await ledger.check() }
  } catch (error) {
    const { message, code, hint } = error as Error & { code?: string; hint?: string }
    return { message, code, hint }
  }
}
