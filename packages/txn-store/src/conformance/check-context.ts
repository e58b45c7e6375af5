import type { ChildProcess } from 'node:child_process'
import type { JsonObject } from '../json.js'
import type { DocumentStorage } from '../storage.js'
import { within } from './assertions.js'
import type { StorageHarness, StorageHook } from './suite.js'

/** The place of one check, and all that was opened there. */
export class CheckContext {
  readonly deadlineMs: number
  readonly #hooks: Required<Pick<StorageHarness<undefined>, 'open' | StorageHook>>
  readonly #opened: DocumentStorage[] = []
  readonly #started: ChildProcess[] = []

  private constructor(hooks: Required<Pick<StorageHarness<undefined>, 'open' | StorageHook>>, deadlineMs: number) {
    this.#hooks = hooks
    this.deadlineMs = deadlineMs
  }

  /** Runs the check in a place of its own, and closes what it left open. */
  static async use<Place>(
    harness: StorageHarness<Place>,
    run: (context: CheckContext) => Promise<void>,
  ): Promise<void> {
    const place = await harness.createPlace()
    const context = new CheckContext(
      {
        open: () => harness.open(place),
        readBackup: (_, name) => given(harness, 'readBackup').call(harness, place, name),
        damage: () => given(harness, 'damage').call(harness, place),
        failWrites: (_, failing) => given(harness, 'failWrites').call(harness, place, failing),
        takeTurnAway: () => given(harness, 'takeTurnAway').call(harness, place),
        startProcess: () => given(harness, 'startProcess').call(harness, place),
      },
      harness.deadlineMs ?? DEFAULT_DEADLINE_MS,
    )
    const failures: unknown[] = []
    for (const step of [() => run(context), () => context.#end(), async () => harness.removePlace?.(place)]) {
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
  async open(): Promise<DocumentStorage> {
    const storage = await this.within('open()', this.#hooks.open(undefined))
    this.#opened.push(storage)
    return storage
  }

  readBackup(name: string): Promise<JsonObject> {
    return this.#hooks.readBackup(undefined, name)
  }

  damage(): Promise<void> {
    return this.#hooks.damage(undefined)
  }

  failWrites(failing: boolean): Promise<void> {
    return this.#hooks.failWrites(undefined, failing)
  }

  takeTurnAway(): Promise<void> {
    return this.#hooks.takeTurnAway(undefined)
  }

  /** Killed at the end at the latest. */
  async startProcess(): Promise<ChildProcess> {
    const child = await this.#hooks.startProcess(undefined)
    this.#started.push(child)
    return child
  }

  within<T>(what: string, work: Promise<T>): Promise<T> {
    return within(this.deadlineMs, what, work)
  }

  async #end(): Promise<void> {
    for (const child of this.#started) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    }
    for (const storage of this.#opened) await this.within('close()', storage.close())
  }
}

const DEFAULT_DEADLINE_MS = 10_000

function given<Place, Hook extends StorageHook>(
  harness: StorageHarness<Place>,
  hook: Hook,
): NonNullable<StorageHarness<Place>[Hook]> {
  const given = harness[hook]
  if (given === undefined) throw new Error(`The harness has no '${hook}'`)
  return given
}
