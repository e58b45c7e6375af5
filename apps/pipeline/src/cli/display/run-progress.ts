import type { Phase } from '../../pipeline.js'
import type { PhaseStatus, RunEvent } from '../../run/events.js'

export interface Activity {
  readonly startedAt: number
  readonly fraction: number | undefined
  readonly message: string | undefined
}

export interface PhaseProgress {
  readonly id: string
  readonly name: string
  status: 'waiting' | 'running' | PhaseStatus
  startedAt: number | undefined
  durationMs: number | undefined
  reason: string | undefined
  /** All items, those to be done in this run, and what became of these. */
  items: number | undefined
  todo: number
  done: number
  failed: number
  /** What is at work now: items by their ids, the phase itself under ''. */
  readonly active: Map<string, Activity>
}

/** How far a run is, from what it tells; for whoever shows it. */
export class RunProgress {
  readonly phases: readonly PhaseProgress[]
  readonly startedAt: number

  constructor(phases: readonly Pick<Phase, 'id' | 'name'>[], startedAt: number) {
    this.startedAt = startedAt
    this.phases = phases.map(({ id, name }) => ({
      id,
      name,
      status: 'waiting',
      startedAt: undefined,
      durationMs: undefined,
      reason: undefined,
      items: undefined,
      todo: 0,
      done: 0,
      failed: 0,
      active: new Map(),
    }))
  }

  apply(event: RunEvent, now: number): void {
    const phase = this.phases.find(({ id }) => id === event.phase)
    if (phase === undefined) return
    const key = 'item' in event ? (event.item ?? '') : ''
    switch (event.type) {
      case 'phase-begin':
        Object.assign(phase, { status: 'running', startedAt: now, items: event.items, todo: event.todo })
        return
      case 'attempt-begin':
        phase.active.set(key, { startedAt: now, fraction: undefined, message: undefined })
        return
      case 'progress': {
        const { startedAt = now, message } = phase.active.get(key) ?? {}
        phase.active.set(key, { startedAt, fraction: event.done, message: event.message ?? message })
        return
      }
      case 'attempt-failed':
        phase.active.delete(key)
        return
      case 'item-end':
        phase.active.delete(key)
        if (event.status === 'success') phase.done += 1
        else phase.failed += 1
        return
      case 'phase-end': {
        const { status, durationMs, reason } = event.result
        phase.active.clear()
        Object.assign(phase, { status, durationMs, reason })
        return
      }
      case 'warning':
        return
    }
  }
}

/** From 0 to 1; `undefined` when nothing tells. */
export function fractionOf({ items, todo, done, failed, active }: PhaseProgress): number | undefined {
  if (items === undefined) return active.get('')?.fraction
  if (todo === 0) return undefined
  const begun = [...active.values()].reduce((sum, { fraction = 0 }) => sum + fraction, 0)
  return Math.min(1, (done + failed + begun) / todo)
}

/** Milliseconds until the phase is done, if it goes on as it did; `undefined` as long as nobody can tell. */
export function estimateRest(phase: PhaseProgress, now: number): number | undefined {
  const fraction = fractionOf(phase)
  if (phase.startedAt === undefined || fraction === undefined || fraction < MIN_FRACTION) return undefined
  const elapsed = now - phase.startedAt
  return elapsed < MIN_ELAPSED_MS ? undefined : (elapsed * (1 - fraction)) / fraction
}

const MIN_FRACTION = 0.01
const MIN_ELAPSED_MS = 2000
