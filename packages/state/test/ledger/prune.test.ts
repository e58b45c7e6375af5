import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import type { ReleaseLedger } from '../../src/index.js'
import { fakeClock, openQuietly } from './support.js'

const dir = useTempDir()
const path = (): string => join(dir(), 'processed.json')
const seed = (name = ''): string => join(dir(), 'seed', name)
const torrents = (...names: string[]): string => join(dir(), 'torrents', ...names)
const DAY_MS = 86_400_000

/** Releases that are staged in folders which exist. */
async function stage(ledger: ReleaseLedger, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    mkdirSync(seed(id), { recursive: true })
    await ledger.checkpointStage({ asin: id, title: `Title of ${id}`, stagingDir: seed(id) }, 'staged')
  }
}

test('prune() removes what is stale and leaves the rest', async () => {
  await using ledger = await openQuietly(path())
  await stage(ledger, 'A', 'B')
  rmSync(seed('A'), { recursive: true })
  const expected = {
    stale: [
      {
        id: 'A',
        title: 'Title of A',
        status: 'STAGED',
        missing: [{ field: 'staging_dir', path: seed('A'), root: undefined }],
      },
    ],
    failed: [],
    missingRoots: [],
  }
  expect(await ledger.prune({ dryRun: true })).toEqual(expected)
  expect(await ledger.prune()).toEqual(expected)
  expect((await ledger.list()).processed.map(({ id }) => id)).toEqual(['B'])
})

describe('a root folder that is gone', () => {
  test.each([
    ['missing', () => rmSync(seed(), { recursive: true })],
    [
      'empty, as a mount point without its disk',
      () => {
        rmSync(seed(), { recursive: true })
        mkdirSync(seed())
      },
    ],
  ])('%s: nothing is removed, unless it is forced', async (_what, breakRoot) => {
    const clock = fakeClock()
    await using ledger = await openQuietly(path(), {}, { now: clock.now })
    await stage(ledger, 'A', 'B')
    await ledger.markFailed({ asin: 'OLD' }, 'no')
    breakRoot()
    const options = { failedOlderThanMs: 0 }
    expect(await ledger.prune({ ...options, dryRun: true })).toMatchObject({ missingRoots: [join(dir(), 'seed')] })
    clock.set('2026-03-02T08:00:01')
    await expect(ledger.prune(options)).rejects.toMatchObject({
      code: 'ERR_MISSING_ROOT',
      roots: [join(dir(), 'seed')],
      ids: ['A', 'B'],
      hint: expect.stringContaining('Mount'),
    })
    expect((await ledger.list()).counts).toEqual({ processed: 2, failed: 1 })
    expect((await ledger.prune({ ...options, force: true })).stale.map(({ id }) => id)).toEqual(['A', 'B'])
    expect((await ledger.list()).counts).toEqual({ processed: 0, failed: 0 })
  })

  test('a torrent in a folder of its own is missed in the folder above', async () => {
    await using ledger = await openQuietly(path())
    mkdirSync(torrents('other'), { recursive: true })
    mkdirSync(seed('A'), { recursive: true })
    const release = { asin: 'A', stagingDir: seed('A'), torrentPath: torrents('A', 'x.torrent') }
    await ledger.checkpointStage(release, 'torrent')
    expect((await ledger.findStaleEntries())[0]?.missing).toEqual([
      { field: 'torrent_path', path: torrents('A', 'x.torrent'), root: undefined },
    ])
    rmSync(torrents(), { recursive: true })
    expect((await ledger.findStaleEntries())[0]?.missing).toMatchObject([{ root: join(dir(), 'torrents') }])
    await expect(ledger.prune()).rejects.toMatchObject({ code: 'ERR_MISSING_ROOT' })
  })
})

test('prune() looks again under the lock: what came back meanwhile stays', async () => {
  const { FileLock } = await import('@holdfast/lock')
  await using ledger = await openQuietly(path())
  await stage(ledger, 'A', 'B', 'C')
  rmSync(seed('A'), { recursive: true })
  rmSync(seed('B'), { recursive: true })
  const { stale } = await ledger.prune({ dryRun: true })
  const lock = await FileLock.acquire(`${ledger.path}.lock`)
  const pruning = ledger.prune({ ids: stale.map(({ id }) => id) })
  mkdirSync(seed('A'))
  rmSync(seed('C'), { recursive: true })
  await lock.release()
  // C went after the list was shown, so nobody agreed to it.
  expect((await pruning).stale.map(({ id }) => id)).toEqual(['B'])
  expect((await ledger.list()).processed.map(({ id }) => id).sort()).toEqual(['A', 'C'])
})

test('what cannot be looked at is not stale; what is below a file is', async () => {
  await using ledger = await openQuietly(path())
  symlinkSync('loop', join(dir(), 'loop'))
  writeFileSync(join(dir(), 'file'), '')
  await ledger.checkpointStage({ asin: 'LOOP', stagingDir: join(dir(), 'loop', 'below') }, 'staged')
  await ledger.checkpointStage({ asin: 'FILE', stagingDir: join(dir(), 'file', 'below') }, 'staged')
  expect((await ledger.findStaleEntries()).map(({ id }) => id)).toEqual(['FILE'])
})

test('prune() removes failures that are older than asked, and without being asked none', async () => {
  const clock = fakeClock()
  await using ledger = await openQuietly(path(), {}, { now: clock.now })
  await ledger.markFailed({ asin: 'OLD' }, 'no')
  await ledger.markFailed({ asin: 'AGAIN' }, 'no')
  clock.set('2026-04-10T00:00:00')
  await ledger.markFailed({ asin: 'AGAIN' }, 'no')
  expect((await ledger.prune()).failed).toEqual([])
  expect((await ledger.prune({ failedOlderThanMs: 30 * DAY_MS, dryRun: true })).failed).toMatchObject([{ id: 'OLD' }])
  await ledger.prune({ failedOlderThanMs: 30 * DAY_MS, stale: false })
  expect((await ledger.list()).failed.map(({ id }) => id)).toEqual(['AGAIN'])
  await expect(ledger.prune({ failedOlderThanMs: -1 })).rejects.toThrow(RangeError)
})
