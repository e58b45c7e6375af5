import { expect, test } from 'vitest'
import { LedgerDraft } from '../../src/ledger/ledger-draft.js'
import { ObjectView } from '../../src/ledger/object-view.js'

const base = new ObjectView({
  version: 2,
  processed: { b: { infohash: 'x' }, d: { infohash: 'x' }, '\u{1f600}': {} },
  failed: {},
})

test('a draft shows what it changed, in order, and the base does not', () => {
  const draft = new LedgerDraft(base)
  draft.set('processed', 'a', { infohash: 'x' })
  draft.set('processed', 'c', {})
  draft.set('processed', '\uffee', {})
  draft.set('processed', 'd', { infohash: 'y' })
  expect(draft.delete('processed', 'b')).toBe(true)
  expect(draft.delete('processed', 'b')).toBe(false)
  expect([...draft.entries('processed')]).toEqual([
    ['a', { infohash: 'x' }],
    ['c', {}],
    ['d', { infohash: 'y' }],
    ['\uffee', {}],
    ['\u{1f600}', {}],
  ])
  expect([draft.count('processed'), draft.findByInfohash('x'), draft.findByInfohash('y')]).toEqual([5, ['a'], ['d']])
  expect([base.count('processed'), base.findByInfohash('x')]).toEqual([3, ['b', 'd']])
})

test('a draft on a draft gives its changes only when they are adopted', () => {
  const together = new LedgerDraft(base)
  together.set('failed', 'f', { n: 1 })
  const own = new LedgerDraft(together)
  own.delete('failed', 'f')
  own.set('failed', 'g', { n: 2 })
  expect([...together.entries('failed')]).toEqual([['f', { n: 1 }]])
  together.adopt(own)
  expect([...together.entries('failed')]).toEqual([['g', { n: 2 }]])
  expect(together.changes).toEqual([{ map: 'failed', id: 'g', entry: { n: 2 } }])
})
