import { errorCode } from '@holdfast/atomic-file'
import { LedgerDraft } from './ledger-draft.js'
import type { LedgerSession, LedgerStorage } from './storage.js'

interface Job {
  readonly operation: string
  readonly since: number
  /** Changes the draft; what it throws is its caller's alone. */
  readonly run: (draft: LedgerDraft) => () => void
  readonly fail: (error: unknown) => void
}

export interface WriteQueueOptions {
  readonly lockTimeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** Changes of one process, in their order; those that wait together share one turn at the lock and one commit. */
export class WriteQueue {
  readonly #storage: LedgerStorage
  readonly #options: WriteQueueOptions
  #waiting: Job[] = []
  #draining: Promise<void> | undefined

  constructor(storage: LedgerStorage, options: WriteQueueOptions) {
    this.#storage = storage
    this.#options = options
  }

  /** Runs the work on the newest state and resolves to its result once what it changed is durable. Work that throws changes nothing. */
  run<R>(operation: string, work: (draft: LedgerDraft) => R): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>()
    this.#waiting.push({
      operation,
      since: performance.now(),
      run: (draft) => {
        const result = work(draft)
        return () => resolve(result)
      },
      fail: reject,
    })
    this.#draining ??= this.#drain()
    return promise
  }

  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  async #drain(): Promise<void> {
    // Those that are added in the same moment belong to the first turn.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const session = await this.#acquire()
      if (session === undefined) continue
      const jobs = this.#waiting.splice(0, MAX_TOGETHER)
      try {
        await commitTogether(session, jobs)
      } finally {
        await session.release()
      }
    }
    this.#draining = undefined
  }

  async #acquire(): Promise<LedgerSession | undefined> {
    const { lockTimeoutMs, signal } = this.#options
    const oldest = Math.min(...this.#waiting.map(({ since }) => since))
    const timeoutMs = Math.max(0, oldest + lockTimeoutMs - performance.now())
    try {
      return await this.#storage.acquire({ timeoutMs, signal })
    } catch (error) {
      // Those whose time is not up go on waiting; any other error is everybody's.
      const cause = error instanceof Error ? error.cause : undefined
      const isTimeUp = errorCode(error) === 'ERR_STATE_LOCK' && HELD.has(errorCode(cause) ?? '')
      const isOver = ({ since }: Job): boolean => !isTimeUp || performance.now() - since >= lockTimeoutMs - 1
      const over = this.#waiting.filter(isOver)
      this.#waiting = this.#waiting.filter((job) => !over.includes(job))
      for (const { fail } of over) fail(error)
      return undefined
    }
  }
}

const HELD: ReadonlySet<string> = new Set(['ERR_LOCK_EXISTS', 'ERR_LOCK_TIMEOUT'])
const MAX_TOGETHER = 256

async function commitTogether(session: LedgerSession, jobs: readonly Job[]): Promise<void> {
  const together = new LedgerDraft(session.view)
  const answers: { readonly job: Job; readonly succeed: () => void }[] = []
  for (const job of jobs) {
    const own = new LedgerDraft(together)
    try {
      const succeed = job.run(own)
      together.adopt(own)
      answers.push({ job, succeed })
    } catch (error) {
      job.fail(error)
    }
  }
  try {
    const { changes } = together
    if (changes.length > 0) {
      await session.commit(
        changes,
        answers.map(({ job }) => job.operation),
      )
    }
  } catch (error) {
    for (const { job } of answers) job.fail(error)
    return
  }
  for (const { succeed } of answers) succeed()
}
