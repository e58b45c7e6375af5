import assert from 'node:assert/strict'
import { TURN_MS } from './check-context.js'
import { contentOf, put } from './entry-checks.js'
import type { LedgerCheckCase } from './suite.js'

export const sessionChecks: readonly LedgerCheckCase[] = [
  {
    name: 'a session sees the newest commit, whoever made it',
    async run(context) {
      const [one, two] = [await context.open(), await context.open()]
      for (let n = 1; n <= 6; n += 1) {
        await context.change(n % 2 === 0 ? one : two, (view) => {
          assert.equal(view.count('processed'), n - 1)
          assert.deepEqual(view.get('processed', 'last'), n === 1 ? undefined : { n: n - 1 })
          return [put('processed', `id${n}`, {}), put('processed', 'last', { n })].slice(n === 1 ? 1 : 0)
        })
      }
    },
  },
  {
    name: 'a commit is kept the moment it resolves, before release() and close()',
    async run(context) {
      const session = await (await context.open()).acquire({ timeoutMs: TURN_MS })
      await session.commit([put('failed', 'a', { n: 1 })], ['check'])
      assert.deepEqual(await contentOf(await context.open()), { processed: [], failed: [['a', { n: 1 }]] })
      await session.release()
    },
  },
  {
    name: 'a session that is released without a commit changes nothing',
    async run(context) {
      const storage = await context.open()
      await context.change(storage, () => [put('processed', 'a', { n: 1 })])
      const session = await storage.acquire({ timeoutMs: TURN_MS })
      await session.release()
      assert.deepEqual(await contentOf(storage), { processed: [['a', { n: 1 }]], failed: [] })
    },
  },
  {
    name: 'only one has a session: others are refused in time with ERR_STATE_LOCK, or get it after the release',
    async run(context) {
      const [one, two] = [await context.open(), await context.open()]
      const session = await one.acquire({ timeoutMs: TURN_MS })
      for (const timeoutMs of [0, 30]) {
        await assert.rejects(context.within('acquire()', two.acquire({ timeoutMs })), { code: 'ERR_STATE_LOCK' })
      }
      let isReleased = false
      const next = two.acquire({ timeoutMs: TURN_MS }).then((got) => {
        assert.ok(isReleased, 'acquire() resolved while another session was open')
        return got
      })
      await session.commit([put('processed', 'a', {})], ['check'])
      isReleased = true
      await session.release()
      const got = await context.within('acquire()', next)
      assert.equal(got.view.count('processed'), 1)
      await got.release()
    },
  },
  {
    name: 'a signal ends the waiting for a session, and nothing else',
    async run(context) {
      const [one, two] = [await context.open(), await context.open()]
      const session = await one.acquire({ timeoutMs: TURN_MS })
      const controller = new AbortController()
      const waiting = two.acquire({ timeoutMs: TURN_MS, signal: controller.signal })
      controller.abort(new Error('called off'))
      await assert.rejects(context.within('acquire()', waiting), { message: 'called off' })
      await session.release()
      await (await context.within('acquire()', two.acquire({ timeoutMs: TURN_MS }))).release()
    },
  },
  {
    name: 'read() waits for no session, and sees no commit before it is one',
    async run(context) {
      const [one, two] = [await context.open(), await context.open()]
      const session = await one.acquire({ timeoutMs: TURN_MS })
      for (const storage of [one, two]) {
        assert.equal(
          await context.within(
            'read()',
            storage.read((view) => view.count('failed')),
          ),
          0,
        )
      }
      await session.commit([put('failed', 'a', {})], ['check'])
      for (const storage of [one, two]) {
        assert.equal(
          await context.within(
            'read()',
            storage.read((view) => view.count('failed')),
          ),
          1,
        )
      }
      await session.release()
    },
  },
  {
    name: 'work that throws in read() gets its error back and spoils nothing',
    async run(context) {
      const storage = await context.open()
      const fail = (): never => {
        throw new RangeError('of the work')
      }
      await assert.rejects(storage.read(fail), { name: 'RangeError', message: 'of the work' })
      await context.change(storage, () => [put('failed', 'a', {})])
      assert.equal(await storage.read((view) => view.count('failed')), 1)
    },
  },
  {
    name: 'turns that are wanted at the same time lose nothing',
    async run(context) {
      const storages = [await context.open(), await context.open(), await context.open()]
      const rounds = Array.from({ length: 8 }, (_, round) => round)
      await Promise.all(
        storages.map(async (storage, index) => {
          for (const round of rounds) {
            await context.change(storage, (view) => [
              put('processed', `${index}-${round}`, {}),
              put('failed', 'sum', { n: Number(view.get('failed', 'sum')?.['n'] ?? 0) + 1 }),
            ])
          }
        }),
      )
      const storage = await context.open()
      const total = storages.length * rounds.length
      assert.equal(await storage.read((view) => view.count('processed')), total)
      assert.deepEqual(await storage.read((view) => view.get('failed', 'sum')), { n: total })
    },
  },
  {
    name: 'a commit that cannot be written is refused with ERR_STATE_WRITE and leaves everything as it was; the next one goes through',
    needs: 'failWrites',
    async run(context) {
      const storage = await context.open()
      await context.change(storage, () => [put('processed', 'a', { n: 1 })])
      await context.failWrites(true)
      const change = context.change(storage, () => [put('processed', 'a', { n: 2 }), put('processed', 'b', LARGE)])
      await assert.rejects(change, { code: 'ERR_STATE_WRITE' })
      await context.failWrites(false)
      const before = { processed: [['a', { n: 1 }]], failed: [] }
      assert.deepEqual(await contentOf(storage), before)
      assert.deepEqual(await contentOf(await context.open()), before)
      await context.change(storage, () => [put('processed', 'a', { n: 3 })])
      assert.deepEqual(await contentOf(storage), { processed: [['a', { n: 3 }]], failed: [] })
    },
  },
]

/** More than what a file system has left in the blocks that a file has already. */
const LARGE = { text: 'x'.repeat(100_000) }
