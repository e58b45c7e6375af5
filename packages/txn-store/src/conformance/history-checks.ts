import assert from 'node:assert/strict'
import type { JsonObject } from '../json.js'
import { applyPatch } from '../json-patch.js'
import type { TransactionRecord } from '../storage.js'
import { committed, ofTransactions, operationsOf } from './assertions.js'
import { change, commitOf, increment, inTurn, noteOf } from './commits.js'
import type { StorageCheck } from './suite.js'

export const historyChecks: readonly StorageCheck[] = [
  {
    name: 'history() tells who committed what, newest first, to every storage',
    async run(context) {
      const storage = await context.open()
      const entry = { label: 'checker', details: { reason: 'é', list: [1] }, durationMs: 1.5 }
      const seqs = []
      for (const n of [1, 2, 3]) {
        seqs.push((await change(storage, () => ({ n }), { ...entry, operation: `op ${n}` })).seq)
      }
      for (const reader of [storage, await context.open()]) {
        const records = ofTransactions(await reader.history(10))
        assert.deepEqual(operationsOf(records), ['op 3_commit', 'op 2_commit', 'op 1_commit'])
        assert.deepEqual(
          records.map(({ seq }) => seq),
          seqs.toReversed(),
        )
        for (const record of records) {
          const { kind, success, pid, label, details, durationMs } = record
          assert.deepEqual(
            { kind, success, pid, label, details, durationMs },
            { kind: 'commit', success: true, pid: process.pid, ...entry },
          )
        }
        assertTimes(records)
      }
    },
  },
  {
    name: 'history(limit) gives that many of the newest',
    async run(context) {
      const storage = await context.open()
      for (const n of [1, 2, 3, 4]) await change(storage, () => ({ n }))
      const all = await storage.history(100)
      assert.ok(all.length >= 4)
      for (const limit of [0, 1, 3]) assert.deepEqual(await storage.history(limit), all.slice(0, limit))
    },
  },
  {
    name: 'history() forgets nothing by reopening',
    async run(context) {
      for (let opened = 0; opened < 5; opened += 1) {
        const storage = await context.open()
        for (let n = 0; n < 4; n += 1) await increment(storage)
        await storage.close()
      }
      const records = committed(await (await context.open()).history(1000))
      assert.equal(records.length, 20)
      const seqs = records.map(({ seq = 0 }) => seq)
      assert.deepEqual(
        seqs,
        [...new Set(seqs)].sort((a, b) => a - b),
      )
    },
  },
  {
    name: 'history() tells each change, and together they lead to the document',
    async run(context) {
      const storage = await context.open()
      const states: JsonObject[] = [{ a: 1 }, { a: 1, list: [1, 2] }, { list: [2], 'x/y': { z: null } }, { list: [] }]
      for (const state of states) await change(storage, () => state)
      const records = committed(await (await context.open()).history(100))
      assert.equal(records.length, states.length)
      let data: JsonObject = {}
      for (const [index, { changed, patch }] of records.entries()) {
        assert.ok(patch !== undefined, 'A small change is told whole')
        assert.deepEqual(changed, [...new Set(patch.map(({ path }) => path))])
        data = applyPatch(data, patch) as JsonObject
        assert.deepEqual(data, states[index], `The change of commit ${index + 1}`)
      }
    },
  },
  {
    name: 'the entries of one commit are told one by one, in their order, and numbered on',
    async run(context) {
      const storage = await context.open()
      const { seq: first } = await increment(storage)
      const { seq: last } = await inTurn(storage, async (session) => {
        const { data } = await session.read()
        const names = ['one', 'two', 'three']
        const states = names.map((_, index) => ({ ...data, step: index }))
        const commit = commitOf(data, states)
        const entries = commit.entries.map((entry, index) => ({ ...entry, operation: names[index] ?? '' }))
        return session.commit({ ...commit, entries })
      })
      assert.ok(last >= first + 3, 'Each entry has a sequence number')
      const records = committed(await storage.history(100)).slice(1)
      assert.deepEqual(
        records.map(({ operation, seq }) => [operation, seq]),
        [
          ['one_commit', last - 2],
          ['two_commit', last - 1],
          ['three_commit', last],
        ],
      )
    },
  },
  {
    name: 'notes are told as what they are and change nothing',
    async run(context) {
      const storage = await context.open()
      const { seq: first } = await increment(storage)
      await inTurn(storage, async (session) => {
        const { data } = await session.read()
        await session.note([noteOf('rollback', 'failed', { error: 'Error: x' }), noteOf('unchanged', 'idle')])
        assert.deepEqual(await session.read(), { data, exists: true })
        const notes = [noteOf('rollback', 'beside')]
        await session.commit({ ...commitOf(data, [{ n: 2 }], { operation: 'after' }), notes })
      })
      const reader = await context.open()
      const records = ofTransactions(await reader.history(100))
      assert.deepEqual(records.map(({ operation, kind, success }) => `${operation} ${kind} ${success}`).sort(), [
        'after_commit commit true',
        'beside_rollback rollback false',
        'failed_rollback rollback false',
        'idle_unchanged unchanged true',
        'increment_commit commit true',
      ])
      assert.deepEqual(records.find(({ operation }) => operation === 'failed_rollback')?.details, { error: 'Error: x' })
      for (const { kind, seq } of records) if (kind !== 'commit') assert.ok(seq === undefined || seq === first)
      assert.deepEqual((await reader.read()).data, { n: 2 })
    },
  },
  {
    name: 'notes alone make no document',
    async run(context) {
      const storage = await context.open()
      await inTurn(storage, async (session) => {
        await session.read()
        await session.note([noteOf('rollback', 'failed')])
      })
      const reader = await context.open()
      assert.deepEqual(await reader.read(), { data: {}, exists: false })
      assert.deepEqual(operationsOf(await reader.history(10)), ['failed_rollback'])
    },
  },
]

/** In ISO-8601 and UTC, and in order. */
function assertTimes(newestFirst: readonly TransactionRecord[]): void {
  const times = newestFirst.toReversed().map(({ timestamp }) => {
    assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/)
    return Date.parse(timestamp)
  })
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
}
