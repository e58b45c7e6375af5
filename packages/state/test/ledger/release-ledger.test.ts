import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { ALLOWED_TRANSITIONS, identifierOf, ReleaseStatus, validateTransition } from '../../src/index.js'
import { recordingLogger } from '../support/recording-logger.js'
import { fakeClock, fileOf, KINDS, openQuietly, readJson, writeJson } from './support.js'

const dir = useTempDir()
const path = (): string => join(dir(), 'processed.json')
const release = { asin: 'B0EXAMPLE1', title: 'Glass Tide', author: 'Ida Marsh' }

describe.each(KINDS)('on %s', (kind) => {
  const open = (deps = {}) => openQuietly(fileOf(dir(), kind), { storage: kind }, deps)

  test('markProcessed() keeps stage times, infohash and fields of other programs, and drops the failure', async () => {
    const clock = fakeClock()
    await using ledger = await open({ now: clock.now })
    await ledger.checkpointStage({ ...release, stagingDir: '/seed/a' }, 'staged')
    await ledger.checkpointStage(release, 'metadata')
    await ledger.checkpointStage({ ...release, torrentPath: '/t/a' }, 'torrent', { infohash: 'abc' })
    await ledger.markFailed(release, 'upload refused')
    clock.set('2026-03-02T09:00:00')
    await ledger.markProcessed(release)
    expect(await ledger.get(release)).toEqual({
      processed: expect.objectContaining({
        status: 'COMPLETE',
        infohash: 'abc',
        stagingDir: '/seed/a',
        torrentPath: '/t/a',
        entry: expect.objectContaining({
          processed_at: '2026-03-02T09:00:00',
          checkpoints: {
            staged_at: '2026-03-02T08:00:00',
            metadata_at: '2026-03-02T08:00:00',
            torrent_at: '2026-03-02T08:00:00',
            uploaded_at: '2026-03-02T09:00:00',
          },
        }),
      }),
    })
  })

  test('a release that failed half-way is resumed where it stopped, also by another process', async () => {
    const stagingDir = join(dir(), 'seed')
    mkdirSync(stagingDir)
    {
      await using ledger = await open()
      await ledger.checkpointStage({ ...release, stagingDir }, 'staged')
      await ledger.checkpointStage(release, 'metadata')
      await ledger.markFailed(release, 'no torrent')
    }
    await using ledger = await open()
    expect(await ledger.isComplete(release)).toBe(false)
    expect(await ledger.retry('B0EXAMPLE1')).toMatchObject({ retried: [{ resumesFrom: 'METADATA_FETCHED' }] })
    expect(await ledger.getResumePoint(release)).toEqual({
      status: 'METADATA_FETCHED',
      isComplete: false,
      done: ['staged', 'metadata'],
      next: 'torrent',
      isRedo: false,
      stagingDir,
      torrentPath: undefined,
      infohash: undefined,
    })
    await ledger.checkpointStage(release, 'torrent', { infohash: 'abc' })
    await ledger.markProcessed(release)
    expect(await ledger.isComplete('B0EXAMPLE1')).toBe(true)
  })

  test('a stage whose files are lost is done again with redo, which forgets the stages behind it', async () => {
    await using ledger = await open()
    await ledger.checkpointStage({ ...release, stagingDir: join(dir(), 'gone') }, 'staged')
    await ledger.checkpointStage(release, 'metadata')
    expect(await ledger.getResumePoint(release)).toMatchObject({ next: 'staged', isRedo: true, done: ['metadata'] })
    await expect(ledger.checkpointStage(release, 'staged')).rejects.toMatchObject({ wanted: 'STAGED' })
    mkdirSync(join(dir(), 'new'))
    await ledger.checkpointStage({ ...release, stagingDir: join(dir(), 'new') }, 'staged', { redo: true })
    expect(await ledger.getResumePoint(release)).toMatchObject({ status: 'STAGED', next: 'metadata', done: ['staged'] })
  })

  test('retry() with fresh drops what was done, so that programs which skip whatever is there take it again', async () => {
    await using ledger = await open()
    await ledger.checkpointStage(release, 'staged')
    await ledger.markFailed(release, 'no')
    await ledger.markProcessed({ asin: 'DONE' })
    await ledger.markFailed({ asin: 'DONE' }, 'late')
    expect(await ledger.retry(['B0EXAMPLE1', 'DONE', 'NOBODY'], { fresh: true })).toMatchObject({
      retried: [{ id: 'B0EXAMPLE1' }, { id: 'DONE', resumesFrom: 'COMPLETE' }],
      notFound: ['NOBODY'],
    })
    expect(await ledger.get('B0EXAMPLE1')).toBeUndefined()
    expect(await ledger.isComplete('DONE')).toBe(true)
  })

  test('a release that was noted as FAILED begins again at DISCOVERED', async () => {
    await using ledger = await open()
    await ledger.checkpointStage(release, 'staged')
    await ledger.checkpointStage(release, 'staged', { status: 'FAILED' })
    await ledger.markFailed(release, 'no')
    await ledger.retry('B0EXAMPLE1')
    expect(await ledger.get(release)).toMatchObject({ processed: { status: 'DISCOVERED', checkpoints: {} } })
    await ledger.checkpointStage(release, 'staged')
  })

  test('without metadata a release goes from STAGED to TORRENT_CREATED only when that is asked for', async () => {
    await using ledger = await open()
    await ledger.checkpointStage(release, 'staged')
    await expect(ledger.checkpointStage(release, 'torrent')).rejects.toMatchObject({ current: 'STAGED' })
    await ledger.checkpointStage(release, 'torrent', { skipMetadata: true })
    await ledger.markProcessed(release)
    expect(await ledger.get(release)).toMatchObject({ processed: { entry: { checkpoints: { metadata_at: null } } } })
  })

  test('clear() of one stage leaves the others, and only that one has to be done again', async () => {
    await using ledger = await open()
    for (const stage of ['staged', 'metadata'] as const) await ledger.checkpointStage(release, stage)
    await ledger.checkpointStage({ ...release, torrentPath: '/t' }, 'torrent', { infohash: 'abc' })
    expect(await ledger.clear('B0EXAMPLE1', { stage: 'metadata' })).toMatchObject({
      cleared: [{ status: 'TORRENT_CREATED' }],
    })
    expect(await ledger.get(release)).toMatchObject({ processed: { status: 'STAGED', infohash: 'abc' } })
    expect(await ledger.getCheckpoint(release, 'staged')).toBeInstanceOf(Date)
    expect(await ledger.getCheckpoint(release, 'metadata')).toBeUndefined()
    expect(await ledger.getCheckpoint(release, 'torrent')).toBeInstanceOf(Date)
    await ledger.checkpointStage(release, 'metadata')
    await ledger.markProcessed(release)
    expect(await ledger.isComplete(release)).toBe(true)
  })

  test('clear() of the torrent stage forgets infohash and file; of a stage that was not done it says so', async () => {
    await using ledger = await open()
    await ledger.checkpointStage({ ...release, torrentPath: '/t' }, 'torrent', { infohash: 'abc' })
    await ledger.clear('B0EXAMPLE1', { stage: 'torrent' })
    expect(await ledger.get(release)).toMatchObject({
      processed: { infohash: undefined, torrentPath: undefined, status: 'METADATA_FETCHED' },
    })
    expect(await ledger.clear('B0EXAMPLE1', { stage: 'uploaded' })).toEqual({ cleared: [], notFound: ['B0EXAMPLE1'] })
    await expect(ledger.clear('B0EXAMPLE1', { stage: 'nonsense' as 'staged' })).rejects.toThrow(RangeError)
  })

  test('clear() takes several ids, and infohashes in either case', async () => {
    await using ledger = await open()
    await ledger.markProcessed({ asin: 'A' }, { infohash: 'aabb' })
    await ledger.markProcessed({ asin: 'B' }, { infohash: 'AABB' })
    await ledger.markProcessed({ asin: 'C' }, { infohash: 'cc' })
    expect((await ledger.findByInfohash('AABB')).map(({ id }) => id).sort()).toEqual(['A', 'B'])
    const { cleared, notFound } = await ledger.clear(['aabb', 'dd'], { byInfohash: true })
    expect([cleared.map(({ id }) => id).sort(), notFound]).toEqual([['A', 'B'], ['dd']])
    expect(await ledger.clear(['C', 'C', 'D'])).toMatchObject({ cleared: [{ id: 'C' }], notFound: ['D'] })
    expect((await ledger.list()).counts).toEqual({ processed: 0, failed: 0 })
  })

  test('list() filters, limits and sorts, newest first, and counts all', async () => {
    const clock = fakeClock()
    await using ledger = await open({ now: clock.now })
    for (const day of ['01', '03', '02']) {
      clock.set(`2026-04-${day}T00:00:00`)
      await ledger.markProcessed({ asin: `P${day}` })
      await ledger.markFailed({ asin: `F${day}` }, 'no')
    }
    await ledger.checkpointStage({ asin: 'HALF' }, 'staged')
    const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id)
    const all = await ledger.list({ limit: 2 })
    expect([idsOf(all.processed), idsOf(all.failed)]).toEqual([
      ['P03', 'HALF'],
      ['F03', 'F02'],
    ])
    expect([all.counts, all.matching]).toEqual([
      { processed: 4, failed: 3 },
      { processed: 4, failed: 3 },
    ])
    const staged = await ledger.list({ status: ['STAGED'] })
    expect([idsOf(staged.processed), idsOf(staged.failed), staged.counts.failed]).toEqual([['HALF'], [], 3])
    const since = await ledger.list({ sinceMs: new Date('2026-04-03T00:00:00').getTime(), maps: ['failed'] })
    expect([idsOf(since.processed), idsOf(since.failed), since.matching]).toEqual([
      [],
      ['F03'],
      { processed: 0, failed: 1 },
    ])
    await expect(ledger.list({ limit: -1 })).rejects.toThrow(RangeError)
  })

  test('after close() every change is refused, and closing again is fine', async () => {
    const ledger = await open()
    const pending = ledger.markProcessed(release)
    await ledger.close()
    await pending
    await ledger.close()
    await expect(ledger.markProcessed(release)).rejects.toThrow('closed')
    expect(await (await open()).isComplete(release)).toBe(true)
  })

  test('a change waits for others no longer than lockTimeoutMs', async () => {
    await using ledger = await openQuietly(fileOf(dir(), kind), { storage: kind, lockTimeoutMs: 50 })
    await ledger.markProcessed(release)
    const { FileLock } = await import('@holdfast/lock')
    const lock = await FileLock.acquire(`${ledger.path}.lock`)
    await expect(ledger.markProcessed(release)).rejects.toMatchObject({ code: 'ERR_STATE_LOCK' })
    expect(await ledger.isComplete(release)).toBe(true)
    await lock.release()
    await ledger.markProcessed({ asin: 'B' })
  })
})

test('the bytes are those of the Python original: by code point, digits in their place, no newline at the end', async () => {
  await using ledger = await openQuietly(path(), {}, { now: fakeClock().now })
  for (const asin of ['\u{1f600}', '\uffee', 'B0', '1234567890', '9'])
    await ledger.markFailed({ asin, title: 'ü"\\/\u2028' }, 'a\nb')
  const entry = (id: string, text: string): string => `    "${id}": {
      "asin": "${id}",
      "author": "",
      "error": "a\\nb",
      "error_type": null,
      "failed_at": "2026-03-02T08:00:00",
      "first_failed_at": "2026-03-02T08:00:00",
      "retry_count": 1,
      "source_dir": null,
      "title": "${text}"
    }`
  const entries = ['1234567890', '9', 'B0', '\uffee', '\u{1f600}'].map((id) => entry(id, 'ü\\"\\\\/\u2028'))
  const text = `{\n  "failed": {\n${entries.join(',\n')}\n  },\n  "processed": {},\n  "version": 2\n}`
  expect(readFileSync(path(), 'utf8')).toBe(text)
  expect(await ledger.export()).toBe(text)
})

test('fields and top-level keys of other programs survive every change', async () => {
  const other = { nested: [1, { a: null }] }
  writeJson(path(), {
    version: 2,
    plugin: other,
    processed: { B0EXAMPLE1: { status: 'STAGED', rating: other } },
    failed: { F: { error: 'no', retry_count: 1, seen_by: other } },
  })
  await using ledger = await openQuietly(path())
  await ledger.checkpointStage(release, 'metadata')
  await ledger.checkpointStage(release, 'torrent')
  await ledger.markProcessed(release)
  await ledger.markFailed({ asin: 'F' }, 'again')
  await ledger.clear('B0EXAMPLE1', { stage: 'metadata' })
  expect(readJson(path())).toMatchObject({
    plugin: other,
    processed: { B0EXAMPLE1: { rating: other } },
    failed: { F: { retry_count: 2, seen_by: other } },
  })
})

test('an entry whose status nobody knows may go anywhere', async () => {
  writeJson(path(), { version: 2, processed: { B0EXAMPLE1: { status: 'archived' } }, failed: {} })
  await using ledger = await openQuietly(path())
  await ledger.markProcessed(release)
  expect(await ledger.isComplete(release)).toBe(true)
})

test('a release without an id is not noted, and the logger is told', async () => {
  const logger = recordingLogger()
  await using ledger = await openQuietly(path(), { logger })
  expect(await ledger.markProcessed({ title: 'Nameless' })).toBeUndefined()
  expect(await ledger.markFailed({ title: 'Nameless', asin: '' }, 'no')).toBeUndefined()
  expect(logger.lines).toHaveLength(2)
  expect(existsSync(path())).toBe(false)
})

test('a change that another program makes between two calls is seen and kept', async () => {
  await using ledger = await openQuietly(path())
  await ledger.markProcessed({ asin: 'A' })
  const state = readJson(path())
  writeJson(path(), { ...state, processed: { ...state.processed, Z: { status: 'COMPLETE' } } })
  expect(await ledger.isComplete('Z')).toBe(true)
  await ledger.markProcessed({ asin: 'B' })
  expect(Object.keys(readJson(path()).processed)).toEqual(['A', 'B', 'Z'])
})

test('reads find a release under its folder when it was noted before its ASIN was known', async () => {
  await using ledger = await openQuietly(path())
  await ledger.markProcessed({ sourceDir: '/srv/library/Untagged/' })
  expect(await ledger.isComplete({ asin: 'B0EXAMPLE1', sourceDir: '/srv/library/Untagged' })).toBe(true)
  await ledger.checkpointStage({ asin: 'B0EXAMPLE1', sourceDir: '/srv/library/Untagged' }, 'staged')
  expect(await ledger.isComplete({ asin: 'B0EXAMPLE1', sourceDir: '/srv/library/Untagged' })).toBe(false)
})

test.each([
  [{ asin: 'B1', sourceDir: '/a' }, 'B1'],
  [{ asin: '', sourceDir: '/a//' }, '/a'],
  [{ asin: null, sourceDir: '/' }, '/'],
  [{ sourceDir: '' }, undefined],
  [{}, undefined],
])('identifierOf(%j) is %j', (input, expected) => {
  expect(identifierOf(input)).toBe(expected)
})

test('validateTransition() allows what the table has, staying, and nothing else', () => {
  const all = Object.values(ReleaseStatus)
  for (const from of all) {
    expect(ALLOWED_TRANSITIONS[from]).toContain(from)
    for (const to of all) {
      const check = (): void => validateTransition(from, to)
      if (ALLOWED_TRANSITIONS[from].includes(to)) expect(check).not.toThrow()
      else
        expect(check).toThrow(
          expect.objectContaining({ code: 'ERR_INVALID_STATUS_TRANSITION', current: from, wanted: to }),
        )
    }
  }
  expect(() => validateTransition('STAGED', 'TORRENT_CREATED', { skipMetadata: true })).not.toThrow()
  expect(() => validateTransition('DISCOVERED', 'TORRENT_CREATED', { skipMetadata: true })).toThrow()
})

test('maxBackups limits the older states that are kept, and the newest of them is good', async () => {
  await using ledger = await openQuietly(path(), { maxBackups: 2 })
  for (let count = 0; count < 6; count += 1) await ledger.markFailed(release, 'no')
  const { readdirSync } = await import('node:fs')
  await expect.poll(() => readdirSync(join(dir(), '.ledger', 'backups')).length).toBeLessThanOrEqual(2)
  writeFileSync(path(), '')
  expect(await ledger.get(release)).toMatchObject({ failed: { retryCount: 5 } })
})
