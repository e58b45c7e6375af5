/** Stores that wait at the same time are written as one group: one lock, one intent, one commit, one sync of each folder. */
import type { DatabaseWriter, DocumentFile, WriteGroup } from './database-writer.js'
import type { CommittedRun } from './journal.js'
import type { PreparedRun } from './prepared-run.js'
import type { StoreOptions, StoreResult } from './run-database.js'
import { type PlanDeps, planRun, type RunPlan } from './run-plan.js'

interface Waiting {
  readonly run: PreparedRun
  readonly onConflict: Required<StoreOptions>['onConflict']
  readonly resolve: (result: StoreResult) => void
  readonly reject: (error: unknown) => void
}

const RUNS_PER_GROUP = 16

export class StoreQueue {
  readonly #writer: DatabaseWriter
  readonly #deps: PlanDeps
  #waiting: Waiting[] = []
  #working: Promise<void> | undefined

  constructor(writer: DatabaseWriter, deps: PlanDeps) {
    this.#writer = writer
    this.#deps = deps
  }

  async store(run: PreparedRun, options: StoreOptions): Promise<StoreResult> {
    const { signal, onConflict = 'error' } = options
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<StoreResult>()
    const waiting: Waiting = { run, onConflict, resolve, reject }
    const onAbort = (): void => this.#giveUp(waiting, signal?.reason)
    signal?.addEventListener('abort', onAbort)
    this.#waiting.push(waiting)
    this.#working ??= this.#work()
    return promise.finally(() => signal?.removeEventListener('abort', onAbort))
  }

  #giveUp(waiting: Waiting, reason: unknown): void {
    const at = this.#waiting.indexOf(waiting)
    if (at < 0) return
    this.#waiting.splice(at, 1)
    waiting.reject(reason)
  }

  async #work(): Promise<void> {
    // Those that are asked for in the same turn join the first group.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#storeGroup()
    this.#working = undefined
  }

  async #storeGroup(): Promise<void> {
    let group: Waiting[] = []
    try {
      await this.#writer.locked(async (write) => {
        group = this.#takeGroup()
        await this.#store(group, write)
      })
    } catch (error) {
      // The lock was not to be had, or the database could not be read: nobody's run is stored.
      if (group.length === 0) group = this.#waiting.splice(0)
      for (const { reject } of group) reject(error)
    }
  }

  /** Of two stores for one configuration the second has to see what the first did. */
  #takeGroup(): Waiting[] {
    const group: Waiting[] = []
    const names = new Set<string>()
    this.#waiting = this.#waiting.filter((waiting) => {
      const { full } = waiting.run.configuration
      if (group.length >= RUNS_PER_GROUP || names.has(full)) return true
      names.add(full)
      group.push(waiting)
      return false
    })
    return group
  }

  async #store(group: readonly Waiting[], write: WriteGroup): Promise<void> {
    const planned: { waiting: Waiting; plan: RunPlan }[] = []
    for (const waiting of group) {
      try {
        planned.push({ waiting, plan: await planRun(waiting.run, waiting.onConflict, this.#deps) })
      } catch (error) {
        waiting.reject(error)
      }
    }
    try {
      await writePlans(
        planned.map(({ plan }) => plan),
        write,
      )
      for (const { waiting, plan } of planned) waiting.resolve(plan.result)
    } catch (error) {
      // One run that is too large for the disk must not keep out the others.
      for (const { waiting, plan } of planned) {
        if (planned.length === 1) waiting.reject(error)
        else await writePlans([plan], write).then(() => waiting.resolve(plan.result), waiting.reject)
      }
    }
  }
}

async function writePlans(plans: readonly RunPlan[], write: WriteGroup): Promise<void> {
  const documents: DocumentFile[] = []
  const commits: CommittedRun[] = []
  for (const plan of plans) {
    if (plan.documents.length === 0) continue
    documents.push(...plan.documents)
    commits.push(plan.commit)
    for (const path of plan.damaged) await write.setAside(path)
  }
  if (documents.length > 0) await write.write(documents, commits)
}
