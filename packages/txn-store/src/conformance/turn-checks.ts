import assert from 'node:assert/strict'
import { assertRejectsWithCode, codeOf, committed, operationsOf } from './assertions.js'
import { change, commitOf, increment, inTurn } from './commits.js'
import type { StorageCheck } from './suite.js'

export const turnChecks: readonly StorageCheck[] = [
  {
    name: 'acquire() gives the turn to one at a time, and to the next after release()',
    async run(context) {
      const [storage, other] = [await context.open(), await context.open()]
      const session = await storage.acquire({ timeoutMs: 1000 })
      for (const waiting of [other, storage]) {
        const attempt = waiting.acquire({ timeoutMs: 50 })
        await assertRejectsWithCode(context.within('acquire()', attempt), 'ERR_STATE_LOCK', 'a second session')
      }
      const next = other.acquire({ timeoutMs: 5000 })
      await session.release()
      await (await context.within('acquire() after release()', next)).release()
    },
  },
  {
    name: 'acquire() gives up after its time and not before, and says that it was the time',
    async run(context) {
      const storage = await context.open()
      await inTurn(await context.open(), async () => {
        for (const timeoutMs of [0, 80]) {
          const started = performance.now()
          const failure = await context.within(
            'acquire()',
            storage.acquire({ timeoutMs }).then(
              () => undefined,
              (error: unknown) => error,
            ),
          )
          assert.equal(
            codeOf(failure),
            'ERR_STATE_LOCK',
            `acquire({ timeoutMs: ${timeoutMs} }) of a turn that is taken`,
          )
          assert.ok(failure instanceof Error)
          assert.ok(TIME_UP.includes(codeOf(failure.cause)), `cause.code has to be one of ${TIME_UP}`)
          assert.ok(performance.now() - started >= timeoutMs - TIMER_SLACK_MS, 'acquire() gave up too early')
        }
      })
      await (await storage.acquire({ timeoutMs: 0 })).release()
      await (await storage.acquire({ timeoutMs: Number.POSITIVE_INFINITY })).release()
    },
  },
  {
    name: 'acquire() that is called off rejects with the reason and takes no turn later',
    async run(context) {
      const [storage, other] = [await context.open(), await context.open()]
      const reason = new Error('called off')
      const isReason = (error: unknown): boolean => error === reason
      const signal = AbortSignal.abort(reason)
      await assert.rejects(context.within('acquire()', storage.acquire({ timeoutMs: 5000, signal })), isReason)
      await inTurn(other, async () => {
        const controller = new AbortController()
        const attempt = storage.acquire({ timeoutMs: 60_000, signal: controller.signal })
        // Handled by the assertion, which comes after the abort.
        attempt.catch(() => undefined)
        await storage.read()
        controller.abort(reason)
        await assert.rejects(context.within('acquire() that was called off', attempt), isReason)
      })
      await context.within('the turn after one that was called off', increment(other))
      await context.within('the turn after one that was called off', increment(storage))
    },
  },
  {
    name: 'all who wait get a turn, one at a time, and no commit is lost',
    async run(context) {
      const storages = [await context.open(), await context.open(), await context.open()]
      let holders = 0
      const work = Array.from({ length: 24 }, (_, index) =>
        inTurn(storages[index % storages.length] as (typeof storages)[0], async (session) => {
          holders += 1
          assert.equal(holders, 1, 'Two sessions at a time')
          const { data } = await session.read()
          await session.commit(commitOf(data, [{ n: Number(data['n'] ?? 0) + 1 }]))
          holders -= 1
        }),
      )
      await context.within('24 turns', Promise.all(work))
      for (const storage of storages) assert.deepEqual((await storage.read()).data, { n: work.length })
    },
  },
  {
    name: 'the token grows from session to session, also after reopening',
    async run(context) {
      const storage = await context.open()
      const tokens: number[] = []
      for (const each of [storage, await context.open(), storage]) tokens.push(await inTurn(each, async (s) => s.token))
      await storage.close()
      tokens.push(await inTurn(await context.open(), async (session) => session.token))
      assert.ok(tokens.every(Number.isSafeInteger), `Tokens are whole numbers, not ${tokens}`)
      assert.deepEqual(
        tokens,
        [...new Set(tokens)].sort((a, b) => a - b),
      )
    },
  },
  {
    name: 'a session may commit several times, and reads what it committed',
    async run(context) {
      const storage = await context.open()
      await inTurn(storage, async (session) => {
        assert.deepEqual((await session.read()).data, {})
        const { seq: first } = await session.commit(commitOf({}, [{ n: 1 }]))
        const { seq: second } = await session.commit(commitOf({ n: 1 }, [{ n: 2 }]))
        assert.deepEqual((await session.read()).data, { n: 2 })
        const { seq: third } = await session.commit(commitOf({ n: 2 }, [{ n: 3 }]))
        assert.ok(first < second && second < third, `Sequence numbers grow: ${[first, second, third]}`)
      })
      assert.deepEqual((await (await context.open()).read()).data, { n: 3 })
    },
  },
  {
    name: 'release() without a commit changes nothing',
    async run(context) {
      const storage = await context.open()
      await increment(storage)
      const before = await storage.history(10)
      await inTurn(storage, (session) => session.read())
      await inTurn(storage, async () => undefined)
      assert.deepEqual(await storage.read(), { data: { n: 1 }, exists: true })
      assert.deepEqual(await storage.history(10), before)
    },
  },
  {
    name: 'commit() after the turn is refused when another has committed, and changes nothing',
    async run(context) {
      const [storage, other] = [await context.open(), await context.open()]
      await increment(storage)
      const session = await storage.acquire({ timeoutMs: 1000 })
      const { data } = await session.read()
      await session.release()
      await change(other, () => ({ n: 100 }), { operation: 'newer' })
      const stale = session.commit(commitOf(data, [{ n: 2 }], { operation: 'stale' }))
      await assertRejectsWithCode(stale, 'ERR_STALE_TOKEN', 'a commit on a base that is not the newest')
      for (const each of [storage, other, await context.open()]) {
        assert.deepEqual((await each.read()).data, { n: 100 })
        assert.deepEqual(operationsOf(committed(await each.history(10))), ['increment_commit', 'newer_commit'])
      }
    },
  },
  {
    name: 'commit() of a session whose turn was taken away is refused when another has committed',
    needs: 'takeTurnAway',
    async run(context) {
      const [storage, other] = [await context.open(), await context.open()]
      await increment(storage)
      const session = await storage.acquire({ timeoutMs: 1000 })
      const { data } = await session.read()
      await context.takeTurnAway()
      await inTurn(other, async (newer) => {
        assert.ok(newer.token > session.token, 'The newer session has to have the larger token')
        const base = await newer.read()
        await newer.commit(commitOf(base.data, [{ n: 100 }]))
        const stale = session.commit(commitOf(data, [{ n: 2 }]))
        await assertRejectsWithCode(stale, 'ERR_STALE_TOKEN', 'a commit of a session whose turn was taken away')
      })
      await session.release()
      assert.deepEqual((await storage.read()).data, { n: 100 })
      await increment(storage)
      assert.deepEqual((await other.read()).data, { n: 101 })
    },
  },
]

/** `TxnStore` lets those go on waiting whose time is not up. */
const TIME_UP: readonly unknown[] = ['ERR_LOCK_TIMEOUT', 'ERR_LOCK_EXISTS']
/** Timers may fire this much early. */
const TIMER_SLACK_MS = 2
