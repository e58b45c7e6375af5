import type { LedgerChange, LedgerStorage, LedgerView } from '../storage.js'
import type { LedgerHarness } from './suite.js'

/** The place of one check, and all that was opened there. */
export class CheckContext {
  readonly #open: () => Promise<LedgerStorage>
  readonly #failWrites: (failing: boolean) => Promise<void>
  readonly #deadlineMs: number
  readonly #opened: LedgerStorage[] = []

  private constructor(
    open: () => Promise<LedgerStorage>,
    failWrites: (failing: boolean) => Promise<void>,
    deadlineMs: number,
  ) {
    this.#open = open
    this.#failWrites = failWrites
    this.#deadlineMs = deadlineMs
  }

  /** Runs the check in a place of its own, and closes what it left open. */
  static async use<Place>(harness: LedgerHarness<Place>, run: (context: CheckContext) => Promise<void>): Promise<void> {
    const place = await harness.createPlace()
    const context = new CheckContext(
      () => harness.open(place),
      async (failing) => harness.failWrites?.(place, failing),
      harness.deadlineMs ?? DEFAULT_DEADLINE_MS,
    )
    const failures: unknown[] = []
    for (const step of [() => run(context), () => context.#close(), async () => harness.removePlace?.(place)]) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    // What went wrong first says more than what came of it.
    if (failures.length > 0) throw failures[0]
  }

  /** As another process would. Closed at the end at the latest. */
  async open(): Promise<LedgerStorage> {
    const storage = await this.within('open()', this.#open())
    this.#opened.push(storage)
    return storage
  }

  failWrites(failing: boolean): Promise<void> {
    return this.#failWrites(failing)
  }

  /** A storage that never answers fails the check, not the whole run. */
  async within<T>(what: string, work: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>()
    const fail = (): void => late.reject(new Error(`${what}: no answer within ${this.#deadlineMs} ms`))
    const timer = setTimeout(fail, this.#deadlineMs)
    try {
      return await Promise.race([work, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  /** One turn: what the function makes of the newest state is committed. */
  async change(storage: LedgerStorage, changesOf: (view: LedgerView) => readonly LedgerChange[]): Promise<void> {
    const session = await this.within('acquire()', storage.acquire({ timeoutMs: TURN_MS }))
    try {
      await this.within('commit()', session.commit(changesOf(session.view), ['check']))
    } finally {
      await this.within('release()', session.release())
    }
  }

  async #close(): Promise<void> {
    for (const storage of this.#opened) await this.within('close()', storage.close())
  }
}

export const TURN_MS = 5000
const DEFAULT_DEADLINE_MS = 10_000
