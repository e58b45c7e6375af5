import { type PipelineStatus, readStatus } from '@holdfast/txn-store/pipeline'
import { isTable } from '../record/unit-record.js'
import type { PhaseContext } from './gather-phase.js'
import type { LinkFacts, ReportStatus, Span } from './report-facts.js'

/** What is recorded of a phase or an item, as far as a report needs it. */
export interface Work {
  readonly id: string
  readonly status: ReportStatus
  readonly span: Span | undefined
  readonly attempts: number | undefined
  readonly reasons: readonly string[]
  readonly tail: string | undefined
  readonly log: LinkFacts | undefined
  /** Recorded as running by somebody who is gone. */
  readonly isInterrupted: boolean
  readonly raw: Readonly<Record<string, unknown>>
}

export function readWork(
  id: string,
  raw: Readonly<Record<string, unknown>>,
  { nowMs, isOwnerAlive, link }: Pick<PhaseContext, 'nowMs' | 'isOwnerAlive' | 'link'>,
): Work {
  const recorded: PipelineStatus = readStatus(raw['status']) ?? 'pending'
  const isInterrupted = recorded === 'running' && isOwnerAlive(raw['owner']) === false
  const { attempts, log } = raw
  return {
    id,
    status: isInterrupted ? 'interrupted' : recorded,
    span: readSpan(raw['timestamps'], recorded === 'running' && !isInterrupted ? nowMs : undefined),
    attempts: typeof attempts === 'number' ? attempts : undefined,
    reasons: isInterrupted ? ['the process that worked on it is gone; the next run does it again'] : readReasons(raw),
    tail: readTail(raw['errors']),
    log: typeof log === 'string' ? link(log) : undefined,
    isInterrupted,
    raw,
  }
}

/** Only instants that mean something: old documents have the uptime of some computer there. */
function readSpan(timestamps: unknown, nowMs: number | undefined): Span | undefined {
  if (!isTable(timestamps)) return undefined
  const startMs = toMs(timestamps['start'])
  if (startMs === undefined) return undefined
  const { duration } = timestamps
  const endMs =
    toMs(timestamps['end']) ??
    (typeof duration === 'number' ? startMs + duration * 1000 : undefined) ??
    nowMs ??
    startMs
  return { startMs, endMs: Math.max(startMs, endMs) }
}

function toMs(instant: unknown): number | undefined {
  const ms =
    typeof instant === 'number' ? instant * 1000 : typeof instant === 'string' ? Date.parse(instant) : Number.NaN
  return ms >= EARLIEST_MS && ms < LATEST_MS ? ms : undefined
}

/** 2001 and 2286. */
const EARLIEST_MS = 1e12
const LATEST_MS = 1e13

function readReasons({ reason, errors }: Readonly<Record<string, unknown>>): string[] {
  const told = typeof reason === 'string' && reason !== '' ? [reason] : []
  const messages = (Array.isArray(errors) ? errors : []).flatMap((error: unknown) => {
    if (typeof error === 'string') return [error]
    return isTable(error) && typeof error['message'] === 'string' ? [error['message']] : []
  })
  return [...new Set([...told, ...messages.reverse()])].slice(0, MAX_REASONS)
}

/** Of the last error that has one. */
function readTail(errors: unknown): string | undefined {
  const tails = (Array.isArray(errors) ? errors : []).flatMap((error: unknown) =>
    isTable(error) && typeof error['tail'] === 'string' && error['tail'] !== '' ? [error['tail']] : [],
  )
  return tails.at(-1)?.slice(-MAX_TAIL_LENGTH)
}

const MAX_REASONS = 5
const MAX_TAIL_LENGTH = 4000
