import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { assertRejectsWithCode, committed } from './assertions.js'
import type { CheckContext } from './check-context.js'
import { increment, inTurn } from './commits.js'
import type { ProcessAnswer, ProcessOrder } from './serve-storage.js'
import type { StorageCheck } from './suite.js'

export const processChecks: readonly StorageCheck[] = [
  {
    name: 'the turn of another process keeps this one out, and is free when that is killed',
    needs: 'startProcess',
    async run(context) {
      const storage = await context.open()
      await increment(storage)
      const child = await Child.start(context)
      await child.ask({ type: 'hold' }, 'held')
      await assertRejectsWithCode(storage.acquire({ timeoutMs: 50 }), 'ERR_STATE_LOCK', 'a second session')
      assert.deepEqual((await context.within('read()', storage.read())).data, { n: 1 })
      await child.kill()
      await context.within('the turn after a process that was killed', increment(storage))
      assert.deepEqual((await storage.read()).data, { n: 2 })
    },
  },
  {
    name: 'processes at work at the same time lose no commit, and see those of each other',
    needs: 'startProcess',
    async run(context) {
      const storage = await context.open()
      const children = [await Child.start(context), await Child.start(context)]
      const others = children.map((child) => child.ask({ type: 'increment', times: EACH }, 'incremented'))
      for (let done = 0; done < EACH; done += 1) await context.within('a turn', increment(storage))
      await Promise.all(others)
      const expected = (children.length + 1) * EACH
      assert.deepEqual((await storage.read()).data, { n: expected })
      assert.equal(committed(await storage.history(1000)).length, expected)
    },
  },
  {
    name: 'a process that is killed while it commits leaves what it was told of, and each commit whole or not at all',
    needs: 'startProcess',
    async run(context) {
      let before = 0
      for (let round = 0; round < ROUNDS; round += 1) {
        const child = await Child.start(context)
        let acknowledged = before
        const enough = before + 2
        const told = Promise.withResolvers<void>()
        child.onCommitted = (n) => {
          acknowledged = n
          if (n >= enough) told.resolve()
        }
        child.send({ type: 'commit pairs' })
        await context.within('commits of another process', told.promise)
        // A different moment of a commit in each round.
        for (const until = performance.now() + round * 0.53; performance.now() < until; );
        await child.kill()

        const storage = await context.open()
        const { data } = await storage.read()
        const n = Number(data['a'] ?? 0)
        assert.equal(data['b'] ?? 0, n, 'Only a part of a commit is there')
        assert.ok(n >= acknowledged, `Commit ${acknowledged} was acknowledged, but the document is at ${n}`)
        assert.ok(n <= acknowledged + 1, `The document is at ${n}, ahead of what can have been committed`)
        const isRight = async (): Promise<void> => {
          const records = committed(await storage.history(1000))
          assert.equal(records.length, 2 * n, 'The history has to tell exactly the commits that are in the document')
        }
        await isRight()
        await inTurn(storage, async (session) => assert.deepEqual((await session.read()).data, data))
        await isRight()
        before = n
      }
    },
  },
]

const EACH = 10
const ROUNDS = 3

/** The process at the other end. */
class Child {
  onCommitted: (n: number) => void = () => undefined
  readonly #context: CheckContext
  readonly #process: ChildProcess
  readonly #answers: Map<ProcessAnswer['type'], () => void> = new Map()
  #fail: (error: Error) => void = () => undefined
  readonly #failed: Promise<never>

  private constructor(context: CheckContext, process: ChildProcess) {
    this.#context = context
    this.#process = process
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    this.#failed.catch(() => undefined)
    process.on('message', (message: ProcessAnswer) => this.#hear(message))
    process.on('error', (error) => this.#fail(error))
    process.on('exit', (code, signal) => this.#fail(new Error(`The other process ended (${signal ?? code})`)))
  }

  static async start(context: CheckContext): Promise<Child> {
    const child = new Child(context, await context.startProcess())
    await child.#answer('ready')
    return child
  }

  send(order: ProcessOrder): void {
    this.#process.send(order)
  }

  ask(order: ProcessOrder, answer: ProcessAnswer['type']): Promise<void> {
    const answered = this.#answer(answer)
    this.send(order)
    return answered
  }

  /** Resolves when nothing of it can be at work any more, and all that it said was heard. */
  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('close', resolve))
    const heard = new Promise((resolve) => this.#process.once('disconnect', resolve))
    this.#process.kill('SIGKILL')
    await this.#context.within('the end of another process', Promise.all([gone, heard]))
  }

  #answer(type: ProcessAnswer['type']): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#answers.set(type, resolve)
    return this.#context.within(`'${type}' of another process`, Promise.race([promise, this.#failed]))
  }

  #hear(message: ProcessAnswer): void {
    if (message.type === 'failed') this.#fail(new Error(`The other process failed: ${message.error}`))
    else if (message.type === 'committed') this.onCommitted(message.n)
    else this.#answers.get(message.type)?.()
  }
}
