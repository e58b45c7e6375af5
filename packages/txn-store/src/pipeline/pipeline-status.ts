import type { RecordedStatus } from './pipeline-document.js'

/** What a state comes to, whatever words the document has for it. */
export type PipelineStatus = 'pending' | 'running' | 'success' | 'partial' | 'failed' | 'skipped' | 'unknown'

const MEANINGS: Readonly<Record<RecordedStatus, PipelineStatus>> = {
  pending: 'pending',
  running: 'running',
  in_progress: 'running',
  success: 'success',
  complete: 'success',
  completed: 'success',
  ok: 'success',
  ready: 'success',
  partial: 'partial',
  partial_success: 'partial',
  failed: 'failed',
  error: 'failed',
  skipped: 'skipped',
  unknown: 'unknown',
}

/** What a recorded state means; `undefined` when there is none, `'unknown'` for a word that nobody knows: never taken for done nor for to be done. */
export function readStatus(recorded: unknown): PipelineStatus | undefined {
  if (recorded === undefined || recorded === null) return undefined
  if (typeof recorded !== 'string') return 'unknown'
  const word = recorded.toLowerCase()
  return Object.hasOwn(MEANINGS, word) ? MEANINGS[word as RecordedStatus] : 'unknown'
}

/** The state of a whole by those of its parts; `undefined` without parts. It is done only when every part is done or skipped. */
export function combineStatuses(parts: Iterable<PipelineStatus>): PipelineStatus | undefined {
  const found = new Set(parts)
  if (found.size === 0) return undefined
  if (found.has('running')) return 'running'
  const [only] = found
  if (found.size === 1) return only
  found.delete('skipped')
  const [rest] = found
  if (found.size === 1) return rest
  if (found.has('success') || found.has('partial')) return 'partial'
  return found.has('failed') ? 'failed' : 'unknown'
}

/** The state of a pipeline by those of its phases, which build on each other: one that failed means that all has. */
export function combinePhases(phases: Iterable<PipelineStatus>): PipelineStatus {
  const found = new Set(phases)
  for (const status of ['running', 'failed'] as const) if (found.has(status)) return status
  return combineStatuses(found) ?? 'pending'
}

/**
 * The state of a whole that has one of its own and one by its parts. A recorded success does not count against parts that are not done; nothing else that is
 * recorded is made better by its parts.
 */
export function judgeStatus(
  recorded: PipelineStatus | undefined,
  byParts: PipelineStatus | undefined,
): PipelineStatus | undefined {
  if (recorded === undefined) return byParts
  if (recorded !== 'success' || byParts === undefined || byParts === 'skipped') return recorded
  return byParts
}

/** How many there are in each state. `unknown` counts those without one, too. */
export type StatusCounts = Readonly<Record<PipelineStatus | 'total', number>>

export function countStatuses(statuses: Iterable<PipelineStatus | undefined>): StatusCounts {
  const counts = { total: 0, pending: 0, running: 0, success: 0, partial: 0, failed: 0, skipped: 0, unknown: 0 }
  for (const status of statuses) {
    counts.total++
    counts[status ?? 'unknown']++
  }
  return counts
}
