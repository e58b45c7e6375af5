import { randomUUID } from 'node:crypto'
import { errorCode } from '@holdfast/atomic-file'
import type { Pipeline } from '../pipeline.js'
import { makeJob } from '../plan/make-job.js'
import { describeOwner } from '../record/owner.js'
import type { RunEvent } from '../run/events.js'
import {
  findStatePath,
  makeSlots,
  openState,
  type RunOptions,
  type RunResult,
  runPipeline,
} from '../run/run-pipeline.js'
import { BatchRecord } from './batch-record.js'

export interface BatchOptions extends Omit<RunOptions, 'input' | 'fileId' | 'onEvent' | 'slots'> {
  /** Absolute. */
  readonly inputs: readonly string[]
  /** Inputs worked on at the same time. @default 1 */
  readonly parallel?: number
  /** Commands at the same time, of all inputs together. @default as many as inputs */
  readonly jobs?: number
  readonly onBegin?: (fileId: string) => (event: RunEvent) => void
  readonly onEnd?: (input: BatchInput) => void
}

/** What became of one input. */
export interface BatchInput {
  readonly input: string
  readonly fileId: string
  readonly status: RunResult['status']
  /** Nothing had to be done for it. */
  readonly isUnchanged: boolean
  readonly reason: string | undefined
  /** ISO-8601 UTC. */
  readonly started: string
  readonly durationMs: number
  /** `undefined` when it could not be begun. */
  readonly run: RunResult | undefined
}

export interface BatchResult {
  readonly runId: string
  readonly pipeline: string
  readonly state: string
  readonly status: RunResult['status']
  /** ISO-8601 UTC. */
  readonly started: string
  readonly durationMs: number
  /** In the order given; those that were not begun are not among them. */
  readonly inputs: readonly BatchInput[]
  readonly notBegun: readonly string[]
}

/**
 * Runs a pipeline on many inputs, some at a time. An input that fails holds up no other; what is done and unchanged is not done again. The batch and
 * each input's outcome are durable in `batch_runs` as soon as they are known.
 *
 * @throws StateReadError, StateWriteError, … when the state cannot be used: no further input is begun then.
 */
export async function runBatch(pipeline: Pipeline, options: BatchOptions): Promise<BatchResult> {
  const { inputs, parallel = 1, jobs = parallel, signal, now = Date.now, onEnd = () => undefined } = options
  const statePath = findStatePath(pipeline, options.statePath)
  await using state = openState(pipeline, statePath)
  await state.read({ validate: true })
  const startedAt = now()
  const started = new Date(startedAt).toISOString()
  const runId = randomUUID()
  const record = new BatchRecord(state, describeOwner(runId, started), now)
  await record.begin(inputs.length)
  const slots = makeSlots(pipeline, jobs)
  const outcomes = new Map<string, BatchInput>()
  const owners = new Map<string, string>()
  const waiting = [...inputs]
  let failure: { readonly error: unknown } | undefined
  const work = async (): Promise<void> => {
    for (let input = waiting.shift(); input !== undefined; input = waiting.shift()) {
      const outcome = await runOne(pipeline, input, { ...options, statePath, slots, now }, owners)
      outcomes.set(input, outcome)
      await record.add(outcome)
      onEnd(outcome)
      if (signal?.aborted || failure !== undefined) return
    }
  }
  const workers = Array.from({ length: Math.max(1, parallel) }, () =>
    work().catch((error: unknown) => {
      failure ??= { error }
    }),
  )
  await Promise.all(workers)
  if (failure !== undefined) throw failure.error
  const done = inputs.flatMap((input) => outcomes.get(input) ?? [])
  const status = signal?.aborted ? 'cancelled' : judgeBatch(done)
  await record.end(status)
  const names = { runId, pipeline: pipeline.name, state: statePath, status, started }
  return { ...names, durationMs: now() - startedAt, inputs: done, notBegun: waiting }
}

async function runOne(
  pipeline: Pipeline,
  input: string,
  { onBegin, now = Date.now, ...options }: Omit<BatchOptions, 'inputs'> & Pick<RunOptions, 'slots'>,
  owners: Map<string, string>,
): Promise<BatchInput> {
  const startedAt = now()
  const base = { input, isUnchanged: false, started: new Date(startedAt).toISOString(), run: undefined }
  let fileId = input
  try {
    fileId = makeJob(pipeline, { ...options, input }).fileId
    const other = owners.get(fileId)
    if (other !== undefined) {
      const reason = `Its id '${fileId}' is that of '${other}'; run it by itself with --file-id`
      return { ...base, fileId: `${fileId} (${input})`, status: 'failed', reason, durationMs: 0 }
    }
    owners.set(fileId, input)
    const onEvent = onBegin?.(fileId)
    const run = await runPipeline(pipeline, { ...options, now, input, ...(onEvent === undefined ? {} : { onEvent }) })
    const reason = run.phases.find(({ status }) => status === 'failed' || status === 'partial')
    const isUnchanged = run.phases.every(({ status }) => status === 'unchanged')
    const told = reason === undefined ? undefined : `${reason.phase}: ${reason.reason ?? reason.status}`
    return { ...base, fileId, isUnchanged, status: run.status, reason: told, durationMs: run.durationMs, run }
  } catch (error) {
    if (isAboutState(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    return { ...base, fileId, status: 'failed', reason, durationMs: now() - startedAt }
  }
}

/** Every other input would fail in the same way, and nothing could be recorded. */
function isAboutState(error: unknown): boolean {
  return errorCode(error)?.startsWith('ERR_STATE') === true
}

function judgeBatch(inputs: readonly BatchInput[]): BatchResult['status'] {
  if (inputs.every(({ status }) => status === 'success')) return 'success'
  return inputs.some(({ status }) => status === 'success' || status === 'partial') ? 'partial' : 'failed'
}
