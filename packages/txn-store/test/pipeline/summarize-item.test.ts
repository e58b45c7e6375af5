import { listChunks } from '@holdfast/txn-store/pipeline'
import { expect, test } from 'vitest'

test.each<{ what: string; item: Record<string, unknown>; ids: string[] }>([
  { what: 'none', item: {}, ids: [] },
  {
    what: 'a list with ids',
    item: { chunks: [{ chunk_id: 'c2' }, { chunk_id: 1 }, { id: 7 }] },
    ids: ['c2', '1', '7'],
  },
  { what: 'a list without ids', item: { chunks: [{}, 'text/2.txt', {}] }, ids: ['0', '2'] },
  { what: 'an object', item: { chunks: { first: {}, second: { chunk_id: 'b' } } }, ids: ['first', 'b'] },
  {
    what: 'members of an old entry',
    item: { chunk_0001: {}, chunk_paths: ['x'], chunk_metrics: {}, Chunk2: {}, 'chunk-3': {} },
    ids: ['chunk_0001', 'Chunk2', 'chunk-3'],
  },
  { what: 'something else', item: { chunks: 5, chunk_1: 'x' }, ids: [] },
])('listChunks() finds $what: $ids', ({ item, ids }) => {
  expect(listChunks(item).map(({ id }) => id)).toEqual(ids)
})
