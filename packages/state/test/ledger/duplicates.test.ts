import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import type { ReleaseLedger } from '../../src/index.js'
import { fileOf, KINDS, openQuietly } from './support.js'

const dir = useTempDir()
const ASIN = 'B0EXAMPLE1'
const FOLDER = '/srv/library/Untagged'

const CASES: readonly (readonly [
  what: string,
  reasons: string[],
  fill: (ledger: ReleaseLedger) => Promise<unknown>,
])[] = [
  [
    'the infohash',
    ['infohash'],
    async (ledger) => {
      await ledger.markProcessed({ asin: ASIN }, { infohash: 'AABB' })
      await ledger.markProcessed({ sourceDir: FOLDER }, { infohash: 'aabb' })
    },
  ],
  [
    'the staging folder',
    ['folder'],
    async (ledger) => {
      await ledger.markProcessed({ asin: ASIN, stagingDir: '/seed/x' })
      await ledger.checkpointStage({ sourceDir: FOLDER, stagingDir: '/seed/x' }, 'staged')
    },
  ],
  [
    'the source folder of a failure',
    ['folder'],
    async (ledger) => {
      await ledger.markFailed({ asin: ASIN, sourceDir: `${FOLDER}/` }, 'no')
      await ledger.checkpointStage({ sourceDir: FOLDER }, 'staged')
    },
  ],
  [
    'title and author',
    ['title'],
    async (ledger) => {
      await ledger.markProcessed({ asin: ASIN, title: 'Glass Tide', author: 'Ida Marsh' })
      await ledger.checkpointStage({ sourceDir: FOLDER, title: 'glass tide', author: 'Ida Marsh' }, 'staged')
    },
  ],
]

test.each(CASES)(
  'findDuplicates() finds a book under its ASIN and under its folder by %s',
  async (_what, reasons, fill) => {
    await using ledger = await openQuietly(join(dir(), 'processed.json'))
    await fill(ledger)
    expect(await ledger.findDuplicates()).toEqual([{ ids: [FOLDER, ASIN], reasons, keep: ASIN }])
    expect((await ledger.check()).problems).toContainEqual(
      expect.objectContaining({ code: 'duplicate', ids: [FOLDER, ASIN] }),
    )
    await ledger.merge([FOLDER, ASIN], ASIN)
    expect(await ledger.findDuplicates()).toEqual([])
    expect(await ledger.get(FOLDER)).toBeUndefined()
  },
)

test('findDuplicates() finds the ASIN in the name of a folder', async () => {
  await using ledger = await openQuietly(join(dir(), 'processed.json'))
  const folder = `/srv/library/Salt Roads {ASIN.${ASIN}}`
  await ledger.markProcessed({ asin: ASIN })
  await ledger.markProcessed({ sourceDir: folder })
  expect(await ledger.findDuplicates()).toEqual([{ ids: [folder, ASIN], reasons: ['asin'], keep: ASIN }])
})

test('findDuplicates() takes editions with one title for different books', async () => {
  await using ledger = await openQuietly(join(dir(), 'processed.json'))
  const book = { title: 'Glass Tide', author: 'Ida Marsh' }
  await ledger.markProcessed({ ...book, asin: ASIN })
  await ledger.markProcessed({ ...book, asin: 'B0EXAMPLE2' })
  await ledger.markProcessed({ ...book, sourceDir: FOLDER })
  expect(await ledger.findDuplicates()).toEqual([])
})

describe.each(KINDS)('merge() on %s', (kind) => {
  test('keeps the entry that got furthest, fills in what it lacks, and adds up the failures', async () => {
    await using ledger = await openQuietly(fileOf(dir(), kind), { storage: kind })
    await ledger.checkpointStage({ asin: ASIN, title: 'Glass Tide' }, 'staged')
    await ledger.markFailed({ asin: ASIN }, 'first')
    const tagged = { sourceDir: FOLDER, author: 'Ida Marsh', stagingDir: '/seed/x' }
    for (const stage of ['staged', 'metadata'] as const) await ledger.checkpointStage(tagged, stage)
    await ledger.checkpointStage(tagged, 'torrent', { infohash: 'aa' })
    await ledger.markFailed(tagged, new TypeError('second'))
    expect(await ledger.merge([ASIN, FOLDER, 'nobody'], ASIN)).toEqual([FOLDER])
    expect(await ledger.get(ASIN)).toMatchObject({
      processed: {
        asin: ASIN,
        status: 'TORRENT_CREATED',
        title: 'Glass Tide',
        author: 'Ida Marsh',
        stagingDir: '/seed/x',
        infohash: 'aa',
      },
      failed: { retryCount: 2, sourceDir: FOLDER },
    })
    expect(await ledger.get(FOLDER)).toBeUndefined()
    expect(await ledger.merge([FOLDER], ASIN)).toEqual([])
  })
})
