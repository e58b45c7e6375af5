import { resolve } from 'node:path'
import { refreshFacts } from '../files/file-facts.js'
import type { Phase } from '../pipeline.js'
import type { UnitRecord } from '../record/unit-record.js'
import type { PhaseResult } from './events.js'
import type { RunContext } from './run-context.js'
import { type PhaseOutcome, runPhase } from './run-phase.js'

/** Runs each phase as soon as what it needs is done; a failure holds up only what depends on it. */
export async function schedulePhases(selected: readonly Phase[], context: RunContext): Promise<PhaseResult[]> {
  const running = new Map<string, Promise<PhaseResult>>()
  for (const phase of selected) {
    const work = runWhenReady(phase, running, context).catch((error: unknown) => {
      context.giveUp(error)
      throw error
    })
    running.set(phase.id, work)
  }
  const results: PhaseResult[] = []
  let failure: { readonly error: unknown } | undefined
  for (const result of await Promise.allSettled(running.values())) {
    if (result.status === 'fulfilled') results.push(result.value)
    else failure ??= { error: result.reason }
  }
  if (failure !== undefined) throw failure.error
  return results
}

async function runWhenReady(
  phase: Phase,
  running: ReadonlyMap<string, Promise<PhaseResult>>,
  context: RunContext,
): Promise<PhaseResult> {
  const needed = phase.needs.map((id) => ({ id, result: running.get(id) }))
  await Promise.allSettled(needed.map(({ result }) => result))
  const startedAt = context.now()
  const outcome = await runOrSkip()
  const record = await context.recorder.read(phase.id)
  if (record !== undefined) context.records.set(phase.id, record)
  const result: PhaseResult = {
    phase: phase.id,
    name: phase.name,
    optional: phase.optional,
    started: new Date(startedAt).toISOString(),
    durationMs: context.now() - startedAt,
    ...outcome,
  }
  context.onEvent({ type: 'phase-end', phase: phase.id, result })
  return result

  async function runOrSkip(): Promise<PhaseOutcome> {
    if (context.signal.aborted) return notBegun('cancelled', undefined)
    const obstacle = await findObstacle(phase, running, context)
    if (obstacle === undefined) return runPhase(phase, context)
    await context.recorder.skip(phase.id, obstacle)
    return notBegun('skipped', obstacle)
  }
}

function notBegun(status: 'skipped' | 'cancelled', reason: string | undefined): PhaseOutcome {
  return { status, reason, tail: undefined, attempts: 0, items: undefined }
}

/** Why a phase cannot be begun; `undefined` when it can. */
async function findObstacle(
  { needs }: Phase,
  running: ReadonlyMap<string, Promise<PhaseResult>>,
  context: RunContext,
): Promise<string | undefined> {
  for (const id of needs) {
    const needed = context.job.pipeline.phases.find((phase) => phase.id === id)
    if (needed === undefined) continue
    const now = running.get(id)
    if (now !== undefined) {
      const { status } = await now
      const isEnough =
        status === 'success' ||
        status === 'unchanged' ||
        (status === 'partial' && needed.acceptPartial) ||
        needed.optional
      if (!isEnough)
        return `it needs ${id}, which ${status === 'skipped' ? 'was skipped' : status === 'partial' ? 'is done in part' : status}`
      continue
    }
    const record = await context.recorder.read(id)
    const obstacle = await findRecordedObstacle(needed, record, context)
    if (obstacle !== undefined) return obstacle
    if (record !== undefined) context.records.set(id, record)
  }
  return undefined
}

/** A phase that is not asked for must have left what it should. */
export async function findRecordedObstacle(
  { id, optional, acceptPartial }: Phase,
  record: UnitRecord | undefined,
  { stateFolder, known }: Pick<RunContext, 'stateFolder' | 'known'>,
): Promise<string | undefined> {
  if (optional) return undefined
  if (record?.status !== 'success' && !(record?.status === 'partial' && acceptPartial)) {
    return `it needs ${id}, which is ${record?.status ?? 'not done'}; run that, too`
  }
  for (const unit of [record, ...record.items]) {
    for (const file of Object.values(unit.outputs).flat()) {
      const path = resolve(stateFolder, file.path)
      const facts = await refreshFacts(path, known.get(path) ?? file)
      if (facts?.sha256 === file.sha256) known.set(path, facts)
      else
        return `it needs ${id}, whose output '${file.path}' is ${facts === undefined ? 'missing' : 'not what was recorded'}; run that, too`
    }
  }
  return undefined
}
