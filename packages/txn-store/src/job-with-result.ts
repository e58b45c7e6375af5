import { AsyncLocalStorage } from 'node:async_hooks'
import type { Job } from './commit-queue.js'
import type { DraftChange } from './document/draft.js'
import { StateValidationError } from './errors.js'
import type { JsonObject } from './json.js'
import type { Committed, StoredDocument } from './storage.js'

/** A change that is asked for, and how it is found out. */
export interface Work<R> extends Omit<Job, 'run' | 'succeed' | 'fail'> {
  run(base: StoredDocument): Promise<{ readonly change: DraftChange; readonly value: R }>
}

export interface JobHooks {
  readonly path: string
  /** Rejects when the schema has something against the new document. */
  readonly check: (data: JsonObject) => Promise<void>
  readonly onCommit: (committed: Committed, data: JsonObject) => void
  readonly onFailure: (error: unknown) => void
}

export interface JobResult<R> {
  readonly value: R
  /** `undefined` when nothing changed. */
  readonly committed: Committed | undefined
}

/** The work as a job of the queue, and the promise of what comes of it. */
export function jobWithResult<R>(
  { run, ...work }: Work<R>,
  { path, check, onCommit, onFailure }: JobHooks,
): { readonly job: Job; readonly result: Promise<JobResult<R>> } {
  const { promise, resolve, reject } = Promise.withResolvers<JobResult<R>>()
  let value: R
  // The queue works in the context of whoever began to fill it; callbacks and listeners belong to the context of their own caller.
  const inCallersContext = AsyncLocalStorage.snapshot()
  const job: Job = {
    ...work,
    run: async (base) => {
      const result = await inCallersContext(() => run(base))
      value = result.value
      const { issues, patch, data } = result.change
      if (issues.length > 0) throw new StateValidationError('keep', issues, { path })
      if (patch.length > 0 || (work.replacesAll && !base.exists)) await inCallersContext(() => check(data))
      return result.change
    },
    succeed: (committed, data) => {
      resolve({ value, committed })
      if (committed !== undefined) inCallersContext(() => onCommit(committed, data))
    },
    fail: (error) => {
      reject(error)
      inCallersContext(() => onFailure(error))
    },
  }
  return { job, result: promise }
}
