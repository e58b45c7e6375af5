import { resolve } from 'node:path'
import { AttemptError } from '../errors.js'
import type { Phase } from '../pipeline.js'
import { type Decision, decide } from '../plan/decide.js'
import { type SharedInputs, shareInputs, takeFingerprint } from '../plan/fingerprint.js'
import { type Item, type Job, lookUpPhase } from '../plan/scope.js'
import type { UnitRecord } from '../record/unit-record.js'
import type { PhaseResult } from './events.js'
import { findItems } from './find-items.js'
import { outputsIn, type RunContext } from './run-context.js'
import { runUnit, type UnitWork } from './run-unit.js'
import { JOB } from './slots.js'

export type PhaseOutcome = Pick<PhaseResult, 'status' | 'reason' | 'tail' | 'attempts' | 'items'>

/** Does what there is to do for one phase whose needs are done; what is done and unchanged is left alone. */
export async function runPhase(phase: Phase, context: RunContext): Promise<PhaseOutcome> {
  const record = await context.recorder.read(phase.id)
  const plan = await makePlan(phase, record, context).catch((error: unknown) => {
    if (error instanceof AttemptError) return error
    throw error
  })
  if (plan instanceof AttemptError) return failBefore(phase, record, plan, context)
  if (plan.units.length === 0) return settleUnchanged(phase, record, plan, context)
  context.onEvent({
    type: 'phase-begin',
    phase: phase.id,
    reasons: plan.reasons,
    items: plan.items?.length,
    todo: plan.units.length,
  })
  return plan.items === undefined ? runWhole(plan.units, context) : runItems(phase, plan, plan.items, context)
}

export interface Plan {
  readonly units: readonly UnitWork[]
  readonly reasons: readonly string[]
  readonly items: readonly Item[] | undefined
  readonly shared: SharedInputs
}

/** Finds out what there is to do, and why. @throws AttemptError when an input is missing */
export async function makePlan(phase: Phase, record: UnitRecord | undefined, context: PlanContext): Promise<Plan> {
  const { job, stateFolder, known, resume, maxReasons = MAX_REASONS } = context
  rememberInputs(record, context)
  const findOutputs = outputsIn(context)
  const lookup = lookUpPhase(job, phase, findOutputs)
  const files = { folder: job.pipeline.folder, stateFolder, known }
  const dependents = dependentsOf(phase, job)
  const shared = await shareInputs(job, phase, lookup, files)
  const forced: Decision = { mustRun: true, reasons: ['it was asked for'] }
  if (phase.items === undefined) {
    const fingerprint = await takeFingerprint(phase, shared, lookup, files)
    const { mustRun, reasons } = resume ? await decide(record, fingerprint, files) : forced
    const unit = { phase, item: undefined, lookup, fingerprint, attempts: record?.attempts ?? 0, dependents }
    return { units: mustRun ? [unit] : [], reasons, items: undefined, shared }
  }
  const items = await findItems(phase.items, lookup, files.folder)
  const before = new Map(record?.items.map((item) => [item.id, item]))
  const units: UnitWork[] = []
  const reasons: string[] = []
  for (const item of items) {
    const own = lookUpPhase(job, phase, findOutputs, item)
    const fingerprint = await takeFingerprint(phase, shared, own, files)
    const known = before.get(item.id)
    const decision = resume ? await decide(known, fingerprint, files) : forced
    if (!decision.mustRun) continue
    units.push({ phase, item, lookup: own, fingerprint, attempts: known?.attempts ?? 0, dependents })
    if (reasons.length < maxReasons) reasons.push(`${item.id}: ${decision.reasons[0] ?? ''}`)
  }
  if (units.length > maxReasons) reasons.push(`and ${units.length - maxReasons} more items`)
  return { units, reasons, items, shared }
}

/** What was read before and has not been written to since is not read again. */
function rememberInputs(record: UnitRecord | undefined, { stateFolder, known }: PlanContext): void {
  for (const unit of [record, ...(record?.items ?? [])]) {
    for (const { path, ...facts } of unit?.fingerprint?.inputs ?? []) {
      const absolute = resolve(stateFolder, path)
      if (!known.has(absolute)) known.set(absolute, facts)
    }
  }
}

export interface PlanContext extends Pick<RunContext, 'job' | 'stateFolder' | 'known' | 'resume' | 'records'> {
  /** How many items are told with their reasons. @default 10 */
  readonly maxReasons?: number
}

const MAX_REASONS = 10

async function runWhole(units: readonly UnitWork[], context: RunContext): Promise<PhaseOutcome> {
  const [unit] = units
  if (unit === undefined) throw new TypeError('There is nothing to run')
  const { attempts, error } = await inSlots(unit, context)
  if (error === undefined) return { status: 'success', reason: undefined, tail: undefined, attempts, items: undefined }
  const status = error.kind === 'Cancelled' ? 'cancelled' : 'failed'
  return { status, reason: error.message, tail: error.hint, attempts, items: undefined }
}

async function runItems(
  phase: Phase,
  { units, shared }: Plan,
  items: readonly Item[],
  context: RunContext,
): Promise<PhaseOutcome> {
  await context.recorder.beginItems(phase.id, idsOf(items), dependentsOf(phase, context.job))
  let attempts = 0
  let failed = 0
  let first: AttemptError | undefined
  let isCancelled = false
  let broken: { readonly error: unknown } | undefined
  const runOne = async (unit: UnitWork): Promise<void> => {
    try {
      const outcome = await inSlots(unit, context)
      attempts += outcome.attempts
      if (outcome.error?.kind === 'Cancelled') isCancelled = true
      if (outcome.error !== undefined) failed += 1
      first ??= outcome.error
      const status = outcome.error === undefined ? 'success' : 'failed'
      context.onEvent({ type: 'item-end', phase: phase.id, item: unit.item?.id ?? '', status })
    } catch (error) {
      if (!context.signal.aborted) {
        broken = { error }
        context.giveUp(error)
      }
      isCancelled = true
      failed += 1
    }
  }
  // Not all of them wait at the same time, so that many cost no more each than few.
  const rest = units.values()
  const runSome = async (): Promise<void> => {
    for (const unit of rest) await runOne(unit)
  }
  await Promise.all(Array.from({ length: Math.min(units.length, context.slots.jobs) }, runSome))
  if (broken !== undefined) throw broken.error
  const done = items.length - failed
  const status = failed === 0 ? 'success' : done === 0 ? 'failed' : 'partial'
  const reason =
    failed === 0
      ? undefined
      : `${failed} of ${items.length} items ${isCancelled ? 'are not done' : 'failed'}${first === undefined ? '' : `, the first: ${first.message}`}`
  await context.recorder.endPhase(phase.id, status, {
    fingerprint:
      status === 'success'
        ? { hash: shared.sum, command: shared.command, values: shared.values, inputs: shared.inputs }
        : undefined,
    reason,
    metrics: { items: items.length, items_done: done, items_failed: failed },
  })
  const counts = { total: items.length, done: units.length - failed, failed, unchanged: items.length - units.length }
  return { status: isCancelled ? 'cancelled' : status, reason, tail: first?.hint, attempts, items: counts }
}

function inSlots(unit: UnitWork, context: RunContext): ReturnType<typeof runUnit> {
  return context.slots.use({ ...unit.phase.slots, [JOB]: 1 }, context.signal, () => runUnit(unit, context))
}

async function settleUnchanged(
  phase: Phase,
  record: UnitRecord | undefined,
  { items }: Plan,
  context: RunContext,
): Promise<PhaseOutcome> {
  const ids = items === undefined ? undefined : idsOf(items)
  const isSame =
    ids === undefined ||
    (ids.length === record?.items.length && ids.every((id, index) => record.items[index]?.id === id))
  // Items may be gone although none has to be done.
  if (!isSame) {
    await context.recorder.beginItems(phase.id, ids, dependentsOf(phase, context.job))
    await context.recorder.endPhase(phase.id, 'success', {
      metrics: { items: ids.length, items_done: ids.length, items_failed: 0 },
    })
  } else if (record?.status !== 'success') await context.recorder.confirm(phase.id)
  const counts = items === undefined ? undefined : { total: items.length, done: 0, failed: 0, unchanged: items.length }
  return { status: 'unchanged', reason: undefined, tail: undefined, attempts: 0, items: counts }
}

/** It cannot even be begun. */
async function failBefore(
  phase: Phase,
  record: UnitRecord | undefined,
  error: AttemptError,
  context: RunContext,
): Promise<PhaseOutcome> {
  const attempt = (record?.attempts ?? 0) + 1
  await context.recorder.fail({ phase: phase.id }, attempt, error, true)
  context.onEvent({ type: 'attempt-failed', phase: phase.id, item: undefined, attempt, error, retryInMs: undefined })
  return { status: 'failed', reason: error.message, tail: error.hint, attempts: 0, items: undefined }
}

/** All phases that use what this one makes, directly or not. */
function dependentsOf({ id }: Phase, job: Job): string[] {
  const found = new Set([id])
  for (const phase of job.pipeline.phases) if (phase.needs.some((need) => found.has(need))) found.add(phase.id)
  found.delete(id)
  return [...found]
}

function idsOf(items: readonly Item[]): string[] {
  return items.map(({ id }) => id)
}
