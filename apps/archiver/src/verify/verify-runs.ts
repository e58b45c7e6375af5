import type { RunDatabase } from '@holdfast/artdaqdb'
import { errorCode } from '@holdfast/atomic-file'
import { type RunArchive, unpackRunBlob } from '@holdfast/ucondb'
import { EXIT, exitCodeFor } from '../cli/exit-codes.js'
import { explainError } from '../cli/explain-error.js'
import { packRun } from '../stages/pack-run.js'
import type { ProgressBar } from '../stages/run-stage.js'
import { type BlobDifference, compareBlobs } from './compare-blobs.js'

/** What is wrong with one run. */
export type VerifyFinding =
  /** The archive does not give back what was put there. */
  | { readonly kind: 'archive-damaged'; readonly run: number; readonly error: string }
  /** artdaqDB cannot export it any more. */
  | { readonly kind: 'artdaqdb-damaged'; readonly run: number; readonly error: string }
  /** Both can be read, and are not the same record. */
  | ({ readonly kind: 'differs'; readonly run: number } & BlobDifference)
  /** The migration has passed it, and it is in neither the archive nor the failure log. */
  | { readonly kind: 'missing'; readonly run: number }

export interface ReadBack {
  /** Read back and found equal to artdaqDB's. */
  readonly same: number
  /** Read back whole, but artdaqDB does not have them to compare with. */
  readonly onlyArchived: number
  readonly notCompared: number
  readonly findings: readonly VerifyFinding[]
  /** What made it impossible to go on. */
  readonly stoppedBy?: string
}

export interface ReadBackContext {
  readonly archive: RunArchive
  readonly database: RunDatabase
  /** Whether artdaqDB has anything of a run. */
  readonly isStored: (run: number) => boolean
  readonly workers: number
  readonly progressBar: ProgressBar
  readonly signal: AbortSignal
  /** Epoch milliseconds. */
  readonly now: () => number
}

type Verdict = 'same' | 'only-archived' | VerifyFinding

/** Errors that concern one run; every other one would meet all of them. */
const OF_THE_ARCHIVE: ReadonlySet<string> = new Set([
  'ERR_ARCHIVE_DAMAGED',
  'ERR_ARCHIVE_NOT_FOUND',
  'ERR_ARCHIVE_SERVER',
  'ERR_RUN_BLOB',
])
const OF_ARTDAQDB: ReadonlySet<string> = new Set([
  'ERR_ARTDAQDB_DAMAGED',
  'ERR_ARTDAQDB_UNSAFE_NAME',
  'ERR_ARTDAQDB_RUN_NOT_FOUND',
  'ERR_RUN_BLOB',
])

/** Reads runs back with several workers; each holds two blobs in memory at most. A stop or a store that fails leaves a part that is told as such. */
export async function readBack(runs: readonly number[], context: ReadBackContext): Promise<ReadBack> {
  const { signal, progressBar } = context
  const findings: VerifyFinding[] = []
  let [same, onlyArchived] = [0, 0]
  let stopped: { readonly error: unknown } | undefined

  progressBar.start('Verify', runs.length)
  try {
    const queue = runs.values()
    await Promise.all(Array.from({ length: Math.min(context.workers, runs.length) }, () => work(queue)))
  } finally {
    progressBar.stop()
  }
  const compared = same + onlyArchived + findings.length
  return {
    same,
    onlyArchived,
    notCompared: runs.length - compared,
    findings: findings.sort((one, other) => one.run - other.run),
    ...(stopped === undefined ? {} : { stoppedBy: explainError(stopped.error) }),
  }

  async function work(queue: Iterable<number>): Promise<void> {
    for (const run of queue) {
      if (signal.aborted || stopped !== undefined) return
      try {
        const verdict = await verifyOne(run, context)
        if (verdict === 'same') same += 1
        else if (verdict === 'only-archived') onlyArchived += 1
        else findings.push(verdict)
      } catch (error) {
        if (signal.aborted) return
        if (exitCodeFor(error) !== EXIT.failure) throw error
        stopped ??= { error }
      }
      progressBar.advance()
    }
  }
}

async function verifyOne(run: number, { archive, database, isStored, signal, now }: ReadBackContext): Promise<Verdict> {
  const archived = await attempt(OF_THE_ARCHIVE, async () => {
    const blob = await archive.get(String(run), { signal })
    const { runNumber } = unpackRunBlob(blob)
    return runNumber === run ? blob : `it says that it is run ${runNumber}`
  })
  if (typeof archived === 'string') return { kind: 'archive-damaged', run, error: archived }
  if (!isStored(run)) return 'only-archived'
  const expected = await attempt(OF_ARTDAQDB, async () => (await packRun(database, run, new Date(now()))).bytes)
  if (typeof expected === 'string') return { kind: 'artdaqdb-damaged', run, error: expected }
  const difference = compareBlobs(archived, expected)
  return difference === undefined ? 'same' : { kind: 'differs', run, ...difference }
}

/** What was read, or why this one cannot be. */
async function attempt<T>(own: ReadonlySet<string>, read: () => Promise<T>): Promise<T | string> {
  try {
    return await read()
  } catch (error) {
    if (!own.has(errorCode(error) ?? '')) throw error
    return explainError(error)
  }
}
