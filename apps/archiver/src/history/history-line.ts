import { isTable } from '../config/expand.js'
import type { RunEvent } from '../stages/run-events.js'

/** Failures between the first and the newest one of an unbroken series, which compaction took out. */
export interface DroppedFailures {
  readonly executions: number
  readonly attempts: number
}

/** One line of the history file: an event, on the first failure of a series with what was taken out behind it. */
export type HistoryEvent = RunEvent & { readonly dropped?: DroppedFailures }

/** The first line of a history file. */
export interface HistoryHeader {
  readonly format: 'holdfast-run-history'
  readonly version: 1
  /** Size of the file after its last compaction, 0 before the first one. */
  readonly compactedBytes: number
}

export type HistoryLine =
  | { readonly kind: 'event'; readonly event: HistoryEvent }
  | { readonly kind: 'header'; readonly header: HistoryHeader }
  | { readonly kind: 'bad' }

export function formatHeader(compactedBytes: number): string {
  // Of one length, so that a compaction knows its size before it is written.
  const bytes = String(compactedBytes).padStart(15)
  return `{"format":"holdfast-run-history","version":1,"compactedBytes":${bytes}}\n`
}

/** Never longer than a few thousand characters: what a message of an error is beyond that helps nobody. */
export function formatEvent(event: HistoryEvent): string {
  const { error } = event
  const clipped = error !== undefined && error.length > MAX_ERROR ? { error: `${error.slice(0, MAX_ERROR)}…` } : {}
  return `${JSON.stringify({ ...event, ...clipped })}\n`
}

const MAX_ERROR = 2_000

export function parseHistoryLine(line: string): HistoryLine {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { kind: 'bad' }
  }
  if (!isTable(value)) return { kind: 'bad' }
  if (isEvent(value)) return { kind: 'event', event: value }
  if (value.format === 'holdfast-run-history' && value.version === 1 && typeof value.compactedBytes === 'number')
    return { kind: 'header', header: { format: value.format, version: 1, compactedBytes: value.compactedBytes } }
  return { kind: 'bad' }
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

function isEvent(value: Record<string, unknown>): value is Record<string, unknown> & HistoryEvent {
  const { at, executionId, stage, run, outcome, attempts, durationMs, bytes, error, errorCode, dropped } = value
  return (
    typeof at === 'string' &&
    INSTANT.test(at) &&
    typeof executionId === 'string' &&
    (stage === 'Import' || stage === 'Migration') &&
    Number.isSafeInteger(run) &&
    (outcome === 'succeeded' || outcome === 'failed') &&
    isCount(attempts) &&
    isCount(durationMs) &&
    (bytes === undefined || isCount(bytes)) &&
    (error === undefined || typeof error === 'string') &&
    (errorCode === undefined || typeof errorCode === 'string') &&
    (dropped === undefined || (isTable(dropped) && isCount(dropped.executions) && isCount(dropped.attempts)))
  )
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0
}
