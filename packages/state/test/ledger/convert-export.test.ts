import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { checkLedger, convertLedger, findStorageKind, formatLocalTime, parseLocalTime } from '../../src/index.js'
import { recordingLogger } from '../support/recording-logger.js'
import { fakeClock, openQuietly, readJson, writeJson } from './support.js'

const dir = useTempDir()
const json = (): string => join(dir(), 'processed.json')
const database = (): string => join(dir(), 'processed.db')
const logger = recordingLogger()

async function fill(): Promise<void> {
  writeJson(json(), {
    version: 2,
    plugin: { kept: [1, null] },
    processed: { '1234567890': { title: '\uffee', rating: 5 }, __proto__x: { status: 'STAGED' } },
    failed: { '/srv/\u{1f600}': { error: 'a\nb', retry_count: 3 } },
  })
  await using ledger = await openQuietly(json(), {}, { now: fakeClock().now })
  await ledger.markProcessed({ asin: 'A', title: 'B, "C"', author: '=1+1' }, { infohash: 'aa' })
}

describe('convertLedger()', () => {
  test('from JSON to SQLite and back gives the same bytes, fields of other programs included', async () => {
    await fill()
    expect(await convertLedger(json(), database(), { logger })).toEqual({
      from: 'json',
      to: 'sqlite',
      processed: 3,
      failed: 1,
    })
    await convertLedger(database(), join(dir(), 'back.json'), { logger })
    expect(readFileSync(join(dir(), 'back.json'), 'utf8')).toBe(readFileSync(json(), 'utf8'))
    await using ledger = await openQuietly(database())
    expect(ledger.storageKind).toBe('sqlite')
    expect(await ledger.export()).toBe(readFileSync(json(), 'utf8'))
    await ledger.markProcessed({ asin: 'NEW' })
    expect(readJson(json()).processed).not.toHaveProperty('NEW')
  })

  test('a target that is there is refused, or replaced when asked, also one with a write-ahead log', async () => {
    await fill()
    await using before = await openQuietly(database())
    await before.markProcessed({ asin: 'OTHER' })
    await expect(convertLedger(json(), database(), { logger })).rejects.toMatchObject({
      code: 'ERR_LEDGER_EXISTS',
      path: database(),
    })
    expect(await before.isComplete('OTHER')).toBe(true)
    await before.close()
    await convertLedger(json(), database(), { logger, overwrite: true })
    await using after = await openQuietly(database())
    expect((await after.list()).processed.map(({ id }) => id)).not.toContain('OTHER')
  })

  test('a dry run makes nothing', async () => {
    await fill()
    const before = readdirSync(dir())
    expect(await convertLedger(json(), database(), { dryRun: true, logger })).toMatchObject({ processed: 3 })
    expect(readdirSync(dir())).toEqual(before)
  })

  test('what waits in a journal is converted, too', async () => {
    await fill()
    await using ledger = await openQuietly(json(), { storage: 'journal' })
    await ledger.markProcessed({ asin: 'IN_JOURNAL' })
    await convertLedger(json(), database(), { from: 'journal', logger })
    await using copy = await openQuietly(database())
    expect(await copy.isComplete('IN_JOURNAL')).toBe(true)
  })

  test.each([
    ['processed.json', '{}', 'json'],
    ['state.db', '{}', 'json'],
    ['new.json', undefined, 'json'],
    ['new.sqlite3', undefined, 'sqlite'],
    ['empty.db', '', 'sqlite'],
    ['processed.json', 'SQLite format 3\0', 'sqlite'],
  ] as const)('findStorageKind() of %s with %j is %s', async (name, content, kind) => {
    if (content !== undefined) writeFileSync(join(dir(), name), content)
    expect(await findStorageKind(join(dir(), name))).toBe(kind)
  })
})

describe('export()', () => {
  test('as CSV gives one line per entry, quoted, and no formulas', async () => {
    await fill()
    await using ledger = await openQuietly(json())
    const lines = (await ledger.export({ format: 'csv' })).split('\n')
    expect(lines[0]).toBe(
      'map,id,asin,title,author,status,at,infohash,staging_dir,torrent_path,staged_at,metadata_at,torrent_at,uploaded_at,error,error_type,first_failed_at,retry_count,source_dir',
    )
    expect(lines).toContain(
      `processed,A,A,"B, ""C""",'=1+1,COMPLETE,2026-03-02T08:00:00,aa,,,,,,2026-03-02T08:00:00,,,,,`,
    )
    expect(lines.at(-1)).toBe('')
    expect(lines.join('\n')).toContain('failed,/srv/\u{1f600},,,,,,,,,,,,,"a\nb",,,3,\n')
  })

  test('exportTo() writes the file whole, and refuses one that is there when it is not to be replaced', async () => {
    await fill()
    const target = join(dir(), 'export.json')
    await using ledger = await openQuietly(json())
    await ledger.exportTo(target)
    expect(readFileSync(target, 'utf8')).toBe(readFileSync(json(), 'utf8'))
    await expect(ledger.exportTo(target, { overwrite: false })).rejects.toMatchObject({ code: 'ERR_LEDGER_EXISTS' })
    await expect(ledger.exportTo(join(dir(), 'no', 'folder'))).rejects.toMatchObject({
      code: 'ERR_STATE_WRITE',
      cause: { code: 'ENOENT' },
    })
  })
})

describe('checkLedger()', () => {
  test('tells what is wrong, and changes nothing', async () => {
    writeJson(json(), {
      version: 2,
      processed: {
        None: { status: 'COMPLETE' },
        A: { status: 'done', processed_at: null },
        B: { status: 'COMPLETE', processed_at: '2026-03-02T08:00:00' },
        C: {
          status: 'METADATA_FETCHED',
          checkpoints: { torrent_at: '2026-03-02T08:00:00' },
          staging_dir: '/nowhere/at/all',
        },
      },
      failed: { B: { error: 'no', failed_at: 'yesterday' } },
    })
    const before = [readFileSync(json(), 'utf8'), readdirSync(dir())]
    const { counts, problems } = await checkLedger(json())
    expect(counts).toEqual({ processed: 4, failed: 1 })
    expect(problems.map(({ severity, code, ids }) => [severity, code, ...ids].join(' '))).toEqual([
      'warning bad-time A',
      'error unknown-status A',
      'warning failed-and-complete B',
      'warning no-infohash C',
      'error no-name None',
      'warning bad-time B',
      'error missing-root C',
    ])
    expect([readFileSync(json(), 'utf8'), readdirSync(dir())]).toEqual(before)
    expect(existsSync(`${json()}.lock`)).toBe(false)
  })

  test('finds nothing in a good ledger, nor in one that is not there', async () => {
    await fill()
    expect((await checkLedger(join(dir(), 'none.json'))).problems).toEqual([])
    await using ledger = await openQuietly(join(dir(), 'good.json'))
    await ledger.markProcessed({ asin: 'A' })
    expect((await ledger.check()).problems).toEqual([])
  })
})

describe('date-times', () => {
  test.each([
    ['2026-03-02T08:15:00.120001', '2026-03-02T08:15:00.120'],
    ['2026-03-02T08:15:00.57', '2026-03-02T08:15:00.570'],
    ['2026-03-02 08:15', '2026-03-02T08:15:00'],
    ['2026-03-02', '2026-03-02T00:00:00'],
    ['20260302T081500', '2026-03-02T08:15:00'],
    ['2026-03-02T08:15:00Z', '2026-03-02T08:15:00Z'],
    ['2026-03-02T08:15:00.5+02:00', '2026-03-02T08:15:00.5+02:00'],
  ])('parseLocalTime(%j) is the instant %s', (text, instant) => {
    expect(parseLocalTime(text)).toBe(Date.parse(instant))
  })

  test.each([[''], ['yesterday'], ['2026-13-01'], ['2026-03-02T25:00:00'], ['08:15'], [null], [5], [{}]])(
    'parseLocalTime(%j) is nothing',
    (text) => {
      expect(parseLocalTime(text)).toBeUndefined()
    },
  )

  test('formatLocalTime() writes what Python writes, in any zone', () => {
    const script = `import { formatLocalTime, parseLocalTime } from '@holdfast/state'
for (const at of [1772000000000, 1772000000120, 0, 1.5]) console.log(formatLocalTime(at), parseLocalTime(formatLocalTime(at)))`
    const run = (zone: string): string => {
      const args = ['--input-type=module', '--eval', script]
      return spawnSync(process.execPath, args, { cwd: import.meta.dirname, env: { TZ: zone }, encoding: 'utf8' }).stdout
    }
    expect(run('Asia/Kolkata')).toBe(
      '2026-02-25T11:43:20 1772000000000\n2026-02-25T11:43:20.120000 1772000000120\n1970-01-01T05:30:00 0\n1970-01-01T05:30:00.001500 1\n',
    )
    expect(run('America/New_York')).toMatch(/^2026-02-25T01:13:20 1772000000000\n/)
    expect(formatLocalTime(new Date('2026-03-02T08:15:00').getTime())).toBe('2026-03-02T08:15:00')
  })
})
