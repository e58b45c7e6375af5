/** Every acceptance criterion and every test that the plan for the hardened state names, one test each, by the plan's steps. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crashSweep, useTempDir } from '@holdfast/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ReleaseLedger } from '../../src/index.js'
import { fakeClock, openQuietly, readJson, writeJson } from './support.js'

const dir = useTempDir()
const path = (): string => join(dir(), 'processed.json')
const release = { asin: 'B0EXAMPLE1', title: 'Glass Tide', author: 'Ida Marsh' }

let ledger: ReleaseLedger
const clock = fakeClock()

beforeEach(async () => {
  clock.set('2026-03-02T08:00:00')
  ledger = await openQuietly(path(), {}, { now: clock.now })
})
afterEach(() => ledger.close())

/** Opens the file as it is now. */
async function reopened(): Promise<ReleaseLedger> {
  await ledger.close()
  ledger = await openQuietly(path(), {}, { now: clock.now })
  return ledger
}

const stored = () => readJson(path()).processed['B0EXAMPLE1']

describe('step 0: file operations', () => {
  test('an interrupted write never leaves partial JSON', { timeout: 60_000 }, async () => {
    const kills = await crashSweep(
      new URL('../fixtures/ledger-write.mjs', import.meta.url),
      { args: [path(), 'json', 'processed'], prepare: () => prepareTwo() },
      () => {
        const { processed } = readJson(path())
        expect([['A'], ['A', 'DONE']]).toContainEqual(Object.keys(processed))
      },
    )
    expect(kills).toBeGreaterThan(8)
  })

  test('corrupt JSON produces a helpful error with the steps to recover', async () => {
    writeFileSync(path(), '{"processed": {')
    const error = await openQuietly(path()).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'StateCorruptionError', code: 'ERR_STATE_CORRUPT', path: path() })
    expect(error).toMatchObject({
      message: expect.stringContaining(path()),
      hint: expect.stringMatching(/good copy.*begin anew.*rm /s),
    })
    expect(readFileSync(path(), 'utf8')).toBe('{"processed": {')
  })

  test('.bak is preserved before each write', async () => {
    for (const asin of ['A', 'B', 'C']) {
      const before = existsSync(path()) ? readFileSync(path(), 'utf8') : undefined
      await ledger.markProcessed({ asin })
      if (before !== undefined) expect(readFileSync(`${path()}.bak`, 'utf8')).toBe(before)
    }
    expect(Object.keys(readJson(`${path()}.bak`).processed)).toEqual(['A', 'B'])
  })

  test('loading tries .bak when the main file is corrupt', async () => {
    writeJson(`${path()}.bak`, { version: 2, processed: { A: { title: 'kept' } }, failed: {} })
    writeFileSync(path(), '{')
    expect((await (await reopened()).list()).processed.map(({ title }) => title)).toEqual(['kept'])
    expect(readJson(path()).processed).toEqual({ A: { title: 'kept' } })
  })
})

describe('step 1: checkpointStage()', () => {
  test('creates the structure of checkpoints', async () => {
    await ledger.checkpointStage(release, 'staged')
    expect(stored()).toEqual({
      asin: 'B0EXAMPLE1',
      author: 'Ida Marsh',
      checkpoints: { staged_at: '2026-03-02T08:00:00' },
      infohash: null,
      processed_at: '2026-03-02T08:00:00',
      staging_dir: null,
      status: 'STAGED',
      title: 'Glass Tide',
      torrent_path: null,
    })
  })

  test('updates an entry that is there', async () => {
    await ledger.checkpointStage(release, 'staged')
    clock.set('2026-03-02T08:05:00')
    await ledger.checkpointStage(release, 'metadata')
    expect(stored()).toMatchObject({
      checkpoints: { staged_at: '2026-03-02T08:00:00', metadata_at: '2026-03-02T08:05:00' },
      processed_at: '2026-03-02T08:00:00',
    })
  })

  test('handles a release without an identifier', async () => {
    expect(await ledger.checkpointStage({ title: 'Nameless', asin: '', sourceDir: null }, 'staged')).toBeUndefined()
    expect(existsSync(path())).toBe(false)
  })

  test('stores the infohash when it is given, and keeps it otherwise', async () => {
    await ledger.checkpointStage(release, 'torrent', { infohash: 'abc' })
    await ledger.checkpointStage(release, 'torrent')
    expect(stored()).toMatchObject({ infohash: 'abc' })
  })

  test('updates the status', async () => {
    await ledger.checkpointStage(release, 'staged')
    await ledger.checkpointStage({ ...release, status: 'METADATA_FETCHED' }, 'metadata')
    expect(stored()).toMatchObject({ status: 'METADATA_FETCHED' })
  })

  test('updates the paths', async () => {
    await ledger.checkpointStage({ ...release, stagingDir: '/seed/a' }, 'staged')
    await ledger.checkpointStage({ ...release, torrentPath: '/torrents/a.torrent' }, 'metadata')
    expect(stored()).toMatchObject({ staging_dir: '/seed/a', torrent_path: '/torrents/a.torrent' })
  })
})

describe('step 1: getCheckpoint()', () => {
  test('returns nothing for an entry that is missing', async () => {
    expect(await ledger.getCheckpoint(release, 'staged')).toBeUndefined()
  })

  test('returns nothing for a stage that is missing', async () => {
    await ledger.checkpointStage(release, 'staged')
    expect(await ledger.getCheckpoint(release, 'metadata')).toBeUndefined()
  })

  test('returns the time when there is one', async () => {
    clock.set('2026-03-02T08:15:00.120')
    await ledger.checkpointStage(release, 'staged')
    expect(await (await reopened()).getCheckpoint(release, 'staged')).toEqual(new Date('2026-03-02T08:15:00.120'))
    expect(stored()).toMatchObject({ checkpoints: { staged_at: '2026-03-02T08:15:00.120000' } })
  })

  test.each([[undefined], [null], ['text'], [[]]])('handles an entry whose checkpoints are %j', async (checkpoints) => {
    writeJson(path(), { version: 2, processed: { B0EXAMPLE1: { title: 'old', checkpoints } }, failed: {} })
    await reopened()
    expect(await ledger.getCheckpoint(release, 'staged')).toBeUndefined()
    await ledger.checkpointStage(release, 'uploaded', { status: 'COMPLETE' })
    expect(stored()).toMatchObject({ checkpoints: { uploaded_at: '2026-03-02T08:00:00' }, title: 'old' })
  })
})

describe('step 1: getInfohash()', () => {
  test('returns nothing for an entry that is missing', async () => {
    expect(await ledger.getInfohash(release)).toBeUndefined()
  })

  test('returns nothing when it is missing', async () => {
    await ledger.checkpointStage(release, 'staged')
    expect(await ledger.getInfohash(release)).toBeUndefined()
  })

  test('returns it when it is there', async () => {
    await ledger.markProcessed(release, { infohash: 'abc' })
    expect(await ledger.getInfohash('B0EXAMPLE1')).toBe('abc')
  })
})

describe('step 1: shouldSkipStage()', () => {
  const withPaths = () => ({ ...release, stagingDir: join(dir(), 'seed'), torrentPath: join(dir(), 'x.torrent') })

  test('returns false without an identifier', async () => {
    expect(await ledger.shouldSkipStage({ title: 'Nameless' }, 'staged')).toBe(false)
  })

  test('returns false without a checkpoint', async () => {
    await ledger.checkpointStage(release, 'staged')
    expect(await ledger.shouldSkipStage(release, 'metadata')).toBe(false)
    expect(await ledger.shouldSkipStage({ asin: 'B0OTHER001' }, 'staged')).toBe(false)
  })

  test('returns true when there is a checkpoint and what the stage made is there', async () => {
    mkdirSync(withPaths().stagingDir)
    writeFileSync(withPaths().torrentPath, '')
    await ledger.checkpointStage(withPaths(), 'staged')
    await ledger.checkpointStage(withPaths(), 'metadata')
    await ledger.checkpointStage(withPaths(), 'torrent')
    for (const stage of ['staged', 'metadata', 'torrent'] as const) {
      expect(await ledger.shouldSkipStage(release, stage), stage).toBe(true)
    }
  })

  test.each(['staged', 'torrent'] as const)(
    'returns false for %s when what the ledger has for it is missing, whatever the release has',
    async (stage) => {
      await ledger.checkpointStage(withPaths(), stage)
      expect(await ledger.shouldSkipStage(release, stage)).toBe(false)
      expect(await ledger.shouldSkipStage(withPaths(), stage)).toBe(false)
    },
  )
})

describe('step 1: entries of old programs', () => {
  test.each(['checkpoints', 'torrent_path', 'staging_dir', 'infohash', 'status', 'asin', 'title', 'processed_at'])(
    'an entry without %s crashes nothing',
    async (field) => {
      const entry: Record<string, unknown> = {
        ...{ asin: 'B0EXAMPLE1', title: 'old', author: '', processed_at: '2025-12-01T10:00:00', staging_dir: '/a' },
        ...{ torrent_path: '/b', infohash: 'c', status: 'COMPLETE', checkpoints: {} },
      }
      delete entry[field]
      const failure = { error: 'old', failed_at: '2025-12-01T10:00:00' }
      for (const version of [1, 2, undefined]) {
        writeJson(path(), { version, processed: { B0EXAMPLE1: entry }, failed: { B0FAILED01: failure } })
        await reopened()
        await useEverything(ledger)
      }
    },
  )
})

async function useEverything(used: ReleaseLedger): Promise<void> {
  await used.list({ limit: 20 })
  await used.export({ format: 'csv' })
  await used.check()
  await used.findStaleEntries()
  await used.findDuplicates()
  await used.getResumePoint(release)
  for (const stage of ['staged', 'metadata', 'torrent', 'uploaded'] as const) await used.shouldSkipStage(release, stage)
  await used.markFailed({ asin: 'B0FAILED01' }, 'again')
  expect(await used.get('B0FAILED01')).toMatchObject({ failed: { retryCount: 1, error: 'again' } })
  await used.markProcessed(release)
  expect(await used.isComplete(release)).toBe(true)
  await used.clear('B0EXAMPLE1', { stage: 'torrent' })
  await used.retry('B0FAILED01')
}

describe('step 2: markFailed()', () => {
  test('retry_count increments on each failure', async () => {
    for (const count of [1, 2, 3]) expect(await ledger.markFailed(release, 'no')).toMatchObject({ retryCount: count })
    expect(readJson(path()).failed['B0EXAMPLE1']).toMatchObject({ retry_count: 3 })
  })

  test('first_failed_at is preserved across retries', async () => {
    await ledger.markFailed(release, 'no')
    for (const time of ['2026-03-02T20:00:00', '2026-03-03T09:00:00']) {
      clock.set(time)
      await ledger.markFailed(release, 'no')
    }
    expect(readJson(path()).failed['B0EXAMPLE1']).toMatchObject({
      first_failed_at: '2026-03-02T08:00:00',
      failed_at: '2026-03-03T09:00:00',
    })
  })

  test.each([
    ['its class', new TypeError('no'), undefined, 'TypeError'],
    ['the name it was given', new Error('no'), 'UploadError', 'UploadError'],
    ['nothing for a text', 'no', undefined, null],
  ])('error_type is captured: %s', async (_what, error, errorType, expected) => {
    await ledger.markFailed(release, error, { errorType })
    expect(readJson(path()).failed['B0EXAMPLE1']).toMatchObject({ error: 'no', error_type: expected })
  })
})

describe('step 3: findStaleEntries() and prune()', () => {
  test('prune does not delete a valid entry because its files moved after completion', async () => {
    const moved = { stagingDir: join(dir(), 'seed', 'gone'), torrentPath: join(dir(), 'torrents', 'gone.torrent') }
    await ledger.markProcessed({ ...release, ...moved })
    expect(await ledger.prune({ force: true })).toMatchObject({ stale: [] })
    expect(await ledger.isComplete(release)).toBe(true)
  })

  test.each([
    ['STAGED', ['staging_dir']],
    ['METADATA_FETCHED', ['staging_dir']],
    ['TORRENT_CREATED', ['staging_dir', 'torrent_path']],
    ['UPLOADED', ['torrent_path']],
    ['DISCOVERED', []],
    ['COMPLETE', []],
    ['FAILED', []],
  ] as const)('a release that is %s is flagged for missing %j only', async (status, expected) => {
    const paths = { staging_dir: join(dir(), 'gone'), torrent_path: join(dir(), 'gone.torrent') }
    writeJson(path(), { version: 2, processed: { A: { status, ...paths } }, failed: {} })
    const stale = await (await reopened()).findStaleEntries()
    expect(stale.flatMap(({ missing }) => missing.map(({ field }) => field))).toEqual(expected)
  })
})

describe('step 4: what the commands do', () => {
  test('retry removes from the failed and resets the count', async () => {
    await ledger.markFailed(release, 'no')
    await ledger.markFailed(release, 'no')
    expect(await ledger.retry('B0EXAMPLE1')).toMatchObject({
      retried: [{ id: 'B0EXAMPLE1', retryCount: 2 }],
      notFound: [],
    })
    expect(await ledger.markFailed(release, 'no')).toMatchObject({ retryCount: 1 })
  })

  test('clear removes from the processed, checkpoints included', async () => {
    await ledger.checkpointStage(release, 'staged')
    expect(await ledger.clear('B0EXAMPLE1')).toMatchObject({ cleared: [{ id: 'B0EXAMPLE1', status: 'STAGED' }] })
    expect(await ledger.getCheckpoint(release, 'staged')).toBeUndefined()
    expect(readJson(path()).processed).toEqual({})
  })

  test('what is not found is told and no error', async () => {
    expect(await ledger.retry(['X', 'Y'])).toEqual({ retried: [], notFound: ['X', 'Y'] })
    expect(await ledger.clear('X')).toEqual({ cleared: [], notFound: ['X'] })
    expect(existsSync(path())).toBe(false)
  })

  test('a dry run of every mutating action changes nothing and tells what would be', async () => {
    await ledger.checkpointStage({ ...release, stagingDir: join(dir(), 'gone') }, 'staged')
    await ledger.markFailed(release, 'no')
    const before = readFileSync(path(), 'utf8')
    const dryRun = true
    expect(await ledger.prune({ dryRun, failedOlderThanMs: 0 })).toMatchObject({ stale: [{ id: 'B0EXAMPLE1' }] })
    expect(await ledger.retry('B0EXAMPLE1', { dryRun })).toMatchObject({ retried: [{ retryCount: 1 }] })
    expect(await ledger.clear('B0EXAMPLE1', { dryRun })).toMatchObject({ cleared: [{ id: 'B0EXAMPLE1' }] })
    expect(await ledger.merge(['B0EXAMPLE1'], 'other', { dryRun })).toEqual(['B0EXAMPLE1'])
    expect(readFileSync(path(), 'utf8')).toBe(before)
  })
})

describe('step 5: transitions of the status', () => {
  test('an illegal transition raises a clear error, from checkpointStage() and markProcessed()', async () => {
    await ledger.checkpointStage(release, 'staged')
    const before = readFileSync(path(), 'utf8')
    const expected = {
      name: 'InvalidStatusTransitionError',
      code: 'ERR_INVALID_STATUS_TRANSITION',
      current: 'STAGED',
      allowed: ['STAGED', 'METADATA_FETCHED', 'FAILED'],
    }
    await expect(ledger.checkpointStage(release, 'torrent')).rejects.toMatchObject({
      ...expected,
      wanted: 'TORRENT_CREATED',
    })
    await expect(ledger.markProcessed(release)).rejects.toMatchObject({
      ...expected,
      wanted: 'COMPLETE',
      message:
        "Cannot change the status of 'B0EXAMPLE1' from STAGED to COMPLETE; allowed from STAGED: STAGED, METADATA_FETCHED, FAILED",
    })
    expect(readFileSync(path(), 'utf8')).toBe(before)
  })

  test('writing the same status again is allowed', async () => {
    for (const _ of [1, 2]) await ledger.checkpointStage(release, 'staged')
    for (const _ of [1, 2]) await ledger.checkpointStage(release, 'metadata')
    for (const _ of [1, 2]) await ledger.checkpointStage(release, 'torrent')
    for (const _ of [1, 2]) await ledger.markProcessed(release)
    expect(stored()).toMatchObject({ status: 'COMPLETE' })
  })
})

describe('step 6: migration', () => {
  test('an old v1 file migrates on load', async () => {
    writeJson(path(), {
      version: 1,
      processed: { A: { title: 'a' } },
      failed: { B: { error: 'no', failed_at: '2025-12-01T10:00:00' } },
    })
    await reopened()
    expect(JSON.parse(await ledger.export())).toEqual({
      version: 2,
      processed: { A: { title: 'a', checkpoints: {}, infohash: null } },
      failed: {
        B: {
          error: 'no',
          failed_at: '2025-12-01T10:00:00',
          first_failed_at: '2025-12-01T10:00:00',
          error_type: null,
          author: null,
        },
      },
    })
    expect(readJson(path()), 'nothing is written before something changes').toMatchObject({ version: 1 })
    await ledger.markProcessed({ asin: 'C' })
    expect(readJson(path())).toMatchObject({ version: 2, processed: { A: { checkpoints: {} }, C: {} } })
  })
})

function prepareTwo(): void {
  rmSync(join(dir(), '.ledger'), { recursive: true, force: true })
  writeJson(path(), { failed: {}, processed: { A: { title: 'a' } }, version: 2 })
}
