import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { checkLedger, ReleaseLedger } from '../../src/index.js'
import { recordingLogger } from '../support/recording-logger.js'
import { openQuietly, readJson, writeJson } from './support.js'

const dir = useTempDir()
const path = (): string => join(dir(), 'processed.json')
const GOOD = '{\n  "failed": {},\n  "processed": {\n    "A": {\n      "title": "good"\n    }\n  },\n  "version": 2\n}'

const BROKEN: readonly (readonly [what: string, bytes: string | Buffer])[] = [
  ['an empty file', ''],
  ['blanks only', ' \n\t'],
  ['a file that is cut', GOOD.slice(0, 40)],
  ['something that is not JSON', 'processed: {}'],
  ['JSON with something behind it', `${GOOD}}`],
  ['a byte order mark', `\ufeff${GOOD}`],
  [
    'bytes that are not UTF-8',
    Buffer.concat([Buffer.from('{"processed":{"A":{"title":"'), Buffer.from([0xe9, 0x28]), Buffer.from('"}}}')]),
  ],
  ['zeros', Buffer.alloc(64)],
  ['NaN', '{"version": 2, "processed": {"A": {"n": NaN}}, "failed": {}}'],
  ['a top level that is a list', '[]'],
  ['a top level that is null', 'null'],
  ['a top level that is a text', '"processed"'],
  ['a version that is a text', '{"version": "2", "processed": {}, "failed": {}}'],
  ['a version that is null', '{"version": null, "processed": {}, "failed": {}}'],
  ['processed that is null', '{"version": 1, "processed": null, "failed": {}}'],
  ['processed that is a list', '{"version": 2, "processed": [], "failed": {}}'],
  ['failed that is a number', '{"version": 2, "processed": {}, "failed": 0}'],
  ['an entry that is a text', '{"version": 1, "processed": {"A": "done"}, "failed": {}}'],
  ['an entry that is null', '{"version": 2, "processed": {}, "failed": {"A": null}}'],
  ['an entry that is a list', '{"version": 2, "processed": {"A": []}, "failed": {}}'],
]

describe.each(BROKEN)('%s', (_what, bytes) => {
  test('is replaced by the good backup, which stays, and kept aside; the logger is told', async () => {
    writeFileSync(path(), bytes)
    writeFileSync(`${path()}.bak`, GOOD)
    const logger = recordingLogger()
    await using ledger = await ReleaseLedger.open(path(), { logger })
    expect(await ledger.export()).toBe(GOOD)
    expect(readFileSync(path(), 'utf8')).toBe(GOOD)
    expect(readFileSync(`${path()}.bak`, 'utf8')).toBe(GOOD)
    const aside = readdirSync(dir()).filter((name) => name.startsWith('processed.json.corrupt-'))
    expect(aside.map((name) => readFileSync(join(dir(), name)))).toEqual([Buffer.from(bytes)])
    expect(logger.lines.filter((line) => line.includes('was damaged'))).toHaveLength(1)
    await ledger.markProcessed({ asin: 'B' })
    expect(Object.keys(readJson(path()).processed)).toEqual(['A', 'B'])
  })

  test('without a good backup is an error that says what to do, and nothing is changed', async () => {
    writeFileSync(path(), bytes)
    writeFileSync(`${path()}.bak`, '{')
    await expect(openQuietly(path())).rejects.toMatchObject({
      code: 'ERR_STATE_CORRUPT',
      path: path(),
      hint: expect.stringContaining(`rm '${path()}' '${path()}.bak'`),
    })
    expect(readFileSync(path())).toEqual(Buffer.from(bytes))
    expect(readFileSync(`${path()}.bak`, 'utf8')).toBe('{')
    expect((await checkLedger(path())).problems).toMatchObject([{ severity: 'error', code: 'damaged' }])
  })
})

test('damage that comes while the ledger is open is repaired by the next call, a reading one too', async () => {
  await using ledger = await openQuietly(path())
  await ledger.markProcessed({ asin: 'A' })
  await ledger.markProcessed({ asin: 'B' })
  writeFileSync(path(), '{"cut')
  // The newest good state is the one before the last commit.
  expect((await ledger.list()).processed.map(({ id }) => id)).toEqual(['A'])
  writeFileSync(path(), '')
  await ledger.markProcessed({ asin: 'C' })
  expect(Object.keys(readJson(path()).processed)).toEqual(['A', 'C'])
})

test('the newest of several backups is taken, and one that is damaged is passed over', async () => {
  await using ledger = await openQuietly(path())
  for (const asin of ['A', 'B', 'C']) await ledger.markProcessed({ asin })
  // The original writes into its backup in place, and was killed.
  writeFileSync(`${path()}.bak`, '{"processed": {')
  writeFileSync(path(), '')
  expect((await ledger.list()).processed.map(({ id }) => id).sort()).toEqual(['A'])
})

test('with readOnly a damaged file is not touched, and its backup is read', async () => {
  writeFileSync(path(), '{')
  writeFileSync(`${path()}.bak`, GOOD)
  const logger = recordingLogger()
  await using ledger = await ReleaseLedger.open(path(), { readOnly: true, logger })
  expect(await ledger.export()).toBe(GOOD)
  expect(logger.lines.join()).toContain('its backup')
  expect(readdirSync(dir()).sort()).toEqual(['processed.json', 'processed.json.bak'])
  expect(readFileSync(path(), 'utf8')).toBe('{')
  await expect(ledger.markProcessed({ asin: 'A' })).rejects.toThrow('read-only')
})

test('a file that is missing is what its backup says; without both the ledger is empty', async () => {
  writeFileSync(`${path()}.bak`, GOOD)
  await using ledger = await openQuietly(path())
  expect(await ledger.export()).toBe(GOOD)
  expect(existsSync(path())).toBe(false)
  await ledger.markProcessed({ asin: 'B' })
  expect(Object.keys(readJson(path()).processed)).toEqual(['A', 'B'])
  await using other = await openQuietly(join(dir(), 'other.json'))
  expect((await other.list()).counts).toEqual({ processed: 0, failed: 0 })
})

test.each([3, 2.5, 99])('version %s is refused and not rewritten, whatever the backup', async (version) => {
  const text = JSON.stringify({ version, processed: {}, failed: {}, added: 1 })
  writeFileSync(path(), text)
  writeFileSync(`${path()}.bak`, GOOD)
  await expect(openQuietly(path())).rejects.toMatchObject({
    code: 'ERR_LEDGER_VERSION',
    version,
    hint: expect.any(String),
  })
  expect(readFileSync(path(), 'utf8')).toBe(text)
  expect(readdirSync(dir()).filter((name) => name.includes('corrupt'))).toEqual([])
  expect((await checkLedger(path())).problems).toMatchObject([{ code: 'newer-version' }])
})

test('a number that would lose digits is refused and not rewritten: the file is not damaged', async () => {
  const text = '{"version": 2, "processed": {"A": {"size": 123456789012345678901}}, "failed": {}}'
  writeFileSync(path(), text)
  writeFileSync(`${path()}.bak`, GOOD)
  await expect(openQuietly(path())).rejects.toMatchObject({
    code: 'ERR_STATE_READ',
    message: expect.stringContaining('123456789012345678901'),
  })
  expect(readFileSync(path(), 'utf8')).toBe(text)
})

test('a newer version is refused also when it holds a number that would lose digits', async () => {
  const text = '{"version": 3, "processed": {"A": {"size": 123456789012345678901}}, "failed": {}}'
  writeFileSync(path(), text)
  writeFileSync(`${path()}.bak`, GOOD)
  await expect(openQuietly(path())).rejects.toMatchObject({ code: 'ERR_LEDGER_VERSION' })
  expect(readFileSync(path(), 'utf8')).toBe(text)
})

test('a folder in the place of the file is an error of the system and no damage', async () => {
  mkdirSync(path())
  writeFileSync(`${path()}.bak`, GOOD)
  await expect(openQuietly(path())).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
  expect(statSync(path()).isDirectory()).toBe(true)
})

test('a file that may not be read is an error of the system and no damage', async (context) => {
  writeFileSync(path(), GOOD)
  writeFileSync(`${path()}.bak`, '{"version":2,"processed":{},"failed":{}}')
  chmodSync(path(), 0)
  if (process.getuid?.() === 0) return context.skip('root may read everything')
  await expect(openQuietly(path())).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
})

describe('SQLite', () => {
  const database = (): string => join(dir(), 'processed.db')

  test('a damaged database is an error that says what to do', async () => {
    const ledger = await openQuietly(database())
    await ledger.markProcessed({ asin: 'A' })
    await ledger.close()
    const bytes = readFileSync(database())
    bytes.fill(0xff, 100)
    writeFileSync(database(), bytes)
    await expect(openQuietly(database())).rejects.toMatchObject({
      code: 'ERR_STATE_CORRUPT',
      hint: expect.stringContaining('.recover'),
    })
  })

  test('a database of another program is refused and not changed', async () => {
    const other = new DatabaseSync(database())
    other.exec('CREATE TABLE t (a)')
    other.close()
    const bytes = readFileSync(database())
    await expect(openQuietly(database())).rejects.toMatchObject({
      code: 'ERR_STATE_CORRUPT',
      message: expect.stringContaining('not a ledger'),
    })
    expect(readFileSync(database())).toEqual(bytes)
  })

  test('a newer version is refused', async () => {
    await (await openQuietly(database())).close()
    const other = new DatabaseSync(database())
    other.exec('PRAGMA user_version = 3')
    other.close()
    await expect(openQuietly(database())).rejects.toMatchObject({ code: 'ERR_LEDGER_VERSION', version: 3 })
  })

  test('with readOnly nothing is made', async () => {
    await using ledger = await openQuietly(database(), { readOnly: true })
    expect((await ledger.list()).counts).toEqual({ processed: 0, failed: 0 })
    expect(readdirSync(dir())).toEqual([])
  })
})

test('files of version 1 in every form are migrated', async () => {
  for (const version of [undefined, 0, 1, 1.5, true]) {
    writeJson(path(), { version, processed: { A: { title: 'a' } } })
    await using ledger = await openQuietly(path())
    expect(JSON.parse(await ledger.export()), String(version)).toEqual({
      version: 2,
      processed: { A: { title: 'a', checkpoints: {}, infohash: null } },
      failed: {},
    })
  }
})
