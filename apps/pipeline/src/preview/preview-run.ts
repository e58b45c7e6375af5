import { dirname } from 'node:path'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import { AttemptError } from '../errors.js'
import type { FileFacts } from '../files/file-facts.js'
import type { Phase, Pipeline } from '../pipeline.js'
import { makeJob } from '../plan/make-job.js'
import { isOwnerAlive } from '../record/owner.js'
import { findEntry, readUnit, type UnitRecord } from '../record/unit-record.js'
import { makePlan, type Plan, type PlanContext } from '../run/run-phase.js'
import { assertInput, assertSameInput, findStatePath, type RunOptions } from '../run/run-pipeline.js'
import { findRecordedObstacle } from '../run/schedule-phases.js'

/** `perhaps`: as soon as what it needs is done again, it is seen whether anything of it has changed. */
export type Verdict = 'run' | 'unchanged' | 'perhaps' | 'skipped' | 'failed'

export interface PhasePreview {
  readonly phase: string
  readonly name: string
  readonly verdict: Verdict
  readonly reasons: readonly string[]
  /** As far as they are known before the phases that make them have run. */
  readonly items: { readonly total: number; readonly todo: number } | undefined
  readonly record: UnitRecord | undefined
}

export interface RunPreview {
  readonly input: string
  readonly fileId: string
  readonly state: string
  /** Whether another process is at work on this input; a run would be refused. */
  readonly isBusy: boolean
  readonly phases: readonly PhasePreview[]
}

export type PreviewOptions = Pick<
  RunOptions,
  'input' | 'fileId' | 'statePath' | 'phases' | 'resume' | 'params' | 'phaseParams'
> &
  Pick<PlanContext, 'maxReasons'>

/**
 * What a run would do, and why. Reads only: nothing is locked, made or written.
 *
 * @throws InputError, StateReadError as a run
 */
export async function previewRun(pipeline: Pipeline, options: PreviewOptions): Promise<RunPreview> {
  const job = makeJob(pipeline, options)
  const state = findStatePath(pipeline, options.statePath)
  const stateFolder = dirname(state)
  await assertInput(job.input)
  // Without a journal of its own, closing it writes nothing; what is in one is read all the same.
  await using store = new PipelineState(state)
  const document = await store.read({ validate: true })
  await assertSameInput(store, job, stateFolder)
  const recordOf = ({ id }: Phase): UnitRecord | undefined => readUnit(findEntry(document, id, job.fileId))
  const { maxReasons = 10 } = options
  const known = new Map<string, FileFacts>()
  const context: PlanContext = {
    job,
    stateFolder,
    known,
    resume: options.resume ?? true,
    records: new Map(),
    maxReasons,
  }
  const selected = options.phases ?? pipeline.phases
  const previews = new Map<string, PhasePreview>()
  for (const phase of pipeline.phases) {
    const record = recordOf(phase)
    if (selected.includes(phase)) previews.set(phase.id, await previewPhase(phase, record, previews, context))
    if (record !== undefined) context.records.set(phase.id, record)
  }
  const isBusy = pipeline.phases.some((phase) => {
    const record = recordOf(phase)
    return record?.status === 'running' && isOwnerAlive(record.raw['owner']) === true
  })
  return { input: job.input, fileId: job.fileId, state, isBusy, phases: [...previews.values()] }
}

async function previewPhase(
  phase: Phase,
  record: UnitRecord | undefined,
  previews: ReadonlyMap<string, PhasePreview>,
  context: PlanContext,
): Promise<PhasePreview> {
  const base = { phase: phase.id, name: phase.name, items: undefined, record }
  const uncertain: string[] = []
  for (const id of phase.needs) {
    const preview = previews.get(id)
    const needed = context.job.pipeline.phases.find((candidate) => candidate.id === id)
    if (needed === undefined) continue
    if (preview === undefined) {
      const obstacle = await findRecordedObstacle(needed, context.records.get(id), context)
      if (obstacle !== undefined) return { ...base, verdict: 'skipped', reasons: [obstacle] }
    } else if ((preview.verdict === 'skipped' || preview.verdict === 'failed') && !needed.optional) {
      const reason = `it needs ${id}, which ${preview.verdict === 'failed' ? 'would fail' : 'would be skipped'}`
      return { ...base, verdict: 'skipped', reasons: [reason] }
    } else if (preview.verdict !== 'unchanged') uncertain.push(id)
  }
  const plan = await tryPlan(phase, record, context)
  const isKnown =
    record?.fingerprint !== undefined || record?.items.some(({ fingerprint }) => fingerprint !== undefined)
  const after = `it depends on what ${uncertain.join(', ')} will have written`
  if (plan instanceof Error) {
    if (uncertain.length === 0) return { ...base, verdict: 'failed', reasons: [plan.message] }
    return { ...base, verdict: isKnown ? 'perhaps' : 'run', reasons: [isKnown ? after : 'it has not run yet'] }
  }
  const { units, reasons } = plan
  const items = plan.items === undefined ? undefined : { total: plan.items.length, todo: units.length }
  if (units.length > 0) return { ...base, verdict: 'run', reasons, items }
  if (uncertain.length > 0) return { ...base, verdict: 'perhaps', reasons: [after], items }
  return { ...base, verdict: 'unchanged', reasons: UNCHANGED, items }
}

const UNCHANGED = ['inputs, command, parameters and outputs are unchanged']

async function tryPlan(
  phase: Phase,
  record: UnitRecord | undefined,
  context: PlanContext,
): Promise<Plan | AttemptError> {
  try {
    return await makePlan(phase, record, context)
  } catch (error) {
    // Also a variable that has no value before the phases that are needed have run.
    if (error instanceof AttemptError) return error
    throw error
  }
}
