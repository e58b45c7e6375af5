import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { errorCode, makeDirectory } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import { InputError, RunConflictError } from '../errors.js'
import { readFacts } from '../files/file-facts.js'
import { toRecordedPath } from '../files/find-files.js'
import type { ParamValue, Phase, Pipeline } from '../pipeline.js'
import { makeJob } from '../plan/make-job.js'
import type { Job } from '../plan/scope.js'
import { describeOwner } from '../record/owner.js'
import { Recorder } from '../record/recorder.js'
import { assertPrograms } from './assert-programs.js'
import { endLeftovers } from './end-leftovers.js'
import type { PhaseResult, RunEvent } from './events.js'
import { type RunContext, toFileName } from './run-context.js'
import { schedulePhases } from './schedule-phases.js'
import { JOB, Slots } from './slots.js'

export interface RunOptions {
  readonly input: string
  /** @default what the pipeline makes of the input's name */
  readonly fileId?: string | undefined
  /** @default 'pipeline.json' beside the definition */
  readonly statePath?: string | undefined
  /** Those to run, in the order of the pipeline. @default all */
  readonly phases?: readonly Phase[] | undefined
  /** `false`: everything that is asked for is done again. @default true */
  readonly resume?: boolean
  readonly maxRetries?: number | undefined
  readonly params?: Readonly<Record<string, ParamValue>>
  readonly phaseParams?: Readonly<Record<string, Readonly<Record<string, ParamValue>>>>
  /** Phases and items that may run at the same time. @default 1 */
  readonly jobs?: number
  /** Shared by runs that go on side by side; takes the place of `jobs`. @default as many as the pipeline has, for this run alone */
  readonly slots?: Slots | undefined
  readonly signal?: AbortSignal | undefined
  /** Aborts when the processes that `signal` has called off get no more time. */
  readonly hurry?: AbortSignal | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Time between TERM and KILL, in milliseconds. @default 5000 */
  readonly graceMs?: number
  readonly onEvent?: (event: RunEvent) => void
  readonly now?: () => number
}

export interface RunResult {
  readonly runId: string
  readonly pipeline: string
  readonly input: string
  readonly fileId: string
  readonly state: string
  /** `partial`: some of it was done, some failed. */
  readonly status: 'success' | 'partial' | 'failed' | 'cancelled'
  /** ISO-8601 UTC. */
  readonly started: string
  readonly durationMs: number
  readonly phases: readonly PhaseResult[]
}

/**
 * Runs the phases of a pipeline on one input. Every step is durable in pipeline.json before the next begins; what is done and unchanged is not done again.
 *
 * @throws InputError, RunConflictError when another process runs the same input, StateReadError when pipeline.json is damaged: nothing was run then.
 * StateWriteError when a step could not be recorded: what was running was ended.
 * @example const { status } = await runPipeline(await loadPipeline('audiobook.yaml'), { input: 'book.txt', jobs: 4 })
 */
export async function runPipeline(pipeline: Pipeline, options: RunOptions): Promise<RunResult> {
  const { now = Date.now, jobs = 1, signal, env = process.env, onEvent = () => undefined } = options
  const job = makeJob(pipeline, options)
  const statePath = findStatePath(pipeline, options.statePath)
  const stateFolder = dirname(statePath)
  await assertInput(job.input)
  await using _lock = await lockInput(stateFolder, job.fileId)
  await using state = openState(pipeline, statePath)
  const warn = (error: unknown): void => {
    const message = error instanceof Error ? error.message : String(error)
    onEvent({ type: 'warning', phase: undefined, item: undefined, message })
  }
  state.on('warning', ({ error }) => {
    // What cannot be read is an error of the next step, too.
    if (errorCode(error) !== 'ERR_STATE_READ') warn(error)
  })
  const runId = randomUUID()
  const startedAt = now()
  const started = new Date(startedAt).toISOString()
  const input = toRecordedPath(job.input, stateFolder)
  const recorder = new Recorder(state, { fileId: job.fileId, input, owner: describeOwner(runId, started), now })
  await assertSameInput(state, job, stateFolder)
  await assertProgramsOf(options.phases ?? pipeline.phases, recorder, env)
  await recorder.open()
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(signal?.reason)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  const context: RunContext = {
    job,
    runId,
    stateFolder,
    recorder,
    slots: options.slots ?? makeSlots(pipeline, jobs),
    signal: stop.signal,
    giveUp: (error) => stop.abort(error),
    hurry: options.hurry,
    env,
    resume: options.resume ?? true,
    maxRetries: options.maxRetries,
    graceMs: options.graceMs ?? 5000,
    known: new Map(),
    records: new Map(),
    toRecordedPath: (path) => toRecordedPath(path, stateFolder),
    now,
    onEvent,
  }
  try {
    await endLeftovers(await state.read({ validate: false }), context)
    const phases = await schedulePhases(options.phases ?? pipeline.phases, context)
    // What was done is recorded, with or without a backup.
    // A damaged document costs nothing that was recorded then; after the first run of all there would be no backup otherwise.
    if (phases.some(({ status }) => status !== 'unchanged')) await state.backupManager.createBackup().catch(warn)
    const status = signal?.aborted ? 'cancelled' : judge(phases)
    const names = { pipeline: pipeline.name, input: job.input, fileId: job.fileId, state: statePath }
    return { runId, ...names, status, started, durationMs: now() - startedAt, phases }
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Where the state of a pipeline is: beside its definition, unless it is given. Absolute. */
export function findStatePath({ folder }: Pick<Pipeline, 'folder'>, given: string | undefined): string {
  return resolve(given ?? join(folder, 'pipeline.json'))
}

/** With a journal for pipelines of items, which change it often. */
export function openState({ phases }: Pipeline, path: string): PipelineState {
  return new PipelineState(path, { journal: phases.some(({ items }) => items !== undefined), label: 'pipeline' })
}

/** `job` counts what runs at the same time. */
export function makeSlots({ slots }: Pipeline, jobs: number): Slots {
  return new Slots({ ...slots, [JOB]: Math.max(1, jobs) })
}

/** Held while an input is worked on. */
export function lockPathOf(stateFolder: string, fileId: string): string {
  return join(stateFolder, '.pipeline', `run-${toFileName(fileId)}.lock`)
}

export function judge(phases: readonly PhaseResult[]): RunResult['status'] {
  if (phases.some(({ status }) => status === 'cancelled')) return 'cancelled'
  const bad = phases.filter(
    ({ status, optional }) => !optional && (status === 'failed' || status === 'partial' || status === 'skipped'),
  )
  if (bad.length === 0) return 'success'
  return phases.some(({ status, items }) => status === 'success' || status === 'partial' || (items?.done ?? 0) > 0)
    ? 'partial'
    : 'failed'
}

export async function assertInput(input: string): Promise<void> {
  try {
    if (!(await stat(input)).isFile()) throw new InputError(`The input '${input}' is not a file`)
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause
    throw new InputError(`The input '${input}' is not there`, { cause })
  }
}

async function lockInput(stateFolder: string, fileId: string): Promise<FileLock> {
  const path = lockPathOf(stateFolder, fileId)
  await makeDirectory(dirname(path))
  const lock = await FileLock.tryAcquire(path)
  if (lock !== undefined) return lock
  throw new RunConflictError(`Another process runs '${fileId}'`, {
    hint: `It holds the lock '${path}', which names it; wait until it is done`,
  })
}

/** Two inputs must not share a record, nor the files named after it. */
export async function assertSameInput(
  state: Pick<PipelineState, 'read'>,
  { input, fileId }: Job,
  stateFolder: string,
): Promise<void> {
  const document = await state.read({ validate: true })
  const inputs: unknown = document['inputs']
  const known =
    typeof inputs === 'object' && inputs !== null && Object.hasOwn(inputs, fileId)
      ? (inputs as Record<string, unknown>)[fileId]
      : undefined
  if (typeof known !== 'string' || resolve(stateFolder, known) === input) return
  const [old, now] = [await readFacts(resolve(stateFolder, known)), await readFacts(input)]
  if (old === undefined || old.sha256 === now?.sha256) return
  throw new InputError(`The id '${fileId}' of '${input}' is that of another input: '${known}'`, {
    hint: 'Give this one an id of its own with --file-id',
  })
}

/** What is done and only has to be confirmed may have lost its programs, and what is optional may lack them. */
async function assertProgramsOf(phases: readonly Phase[], recorder: Recorder, env: RunContext['env']): Promise<void> {
  const begun: Phase[] = []
  for (const phase of phases) {
    if (!phase.optional && (await recorder.read(phase.id))?.status !== 'success') begun.push(phase)
  }
  await assertPrograms(begun, env)
}
