import { findAttempts, findDuration, findOwner, findReasons, findStart } from './item-facts.js'
import { isRecord, type PipelineChunk, type PipelineOwner } from './pipeline-document.js'
import {
  combineStatuses,
  countStatuses,
  judgeStatus,
  type PipelineStatus,
  readStatus,
  type StatusCounts,
} from './pipeline-status.js'

/** What the document tells about a phase or a file. */
export interface ItemSummary {
  /** Its state; a success counts only when all parts whose state is known are done or skipped. */
  readonly status: PipelineStatus
  /** The state that is written down for it itself, `undefined` when there is none. */
  readonly recorded: PipelineStatus | undefined
  /** Epoch ms. */
  readonly startedAtMs: number | undefined
  readonly durationSeconds: number | undefined
  readonly attempts: number | undefined
  /** Who works, or worked last, on it. */
  readonly owner: PipelineOwner | undefined
  /** Everything that was recorded about why it is in that state, most telling first. */
  readonly reasons: readonly string[]
  /** How many of its chunks are in which state. */
  readonly chunks: StatusCounts
}

/**
 * @param otherParts states of what it consists of besides its chunks, `undefined` for parts that have none. Those say nothing against a state that is
 *   recorded for the whole; but without one, the whole is done only when it is known of every part.
 */
export function summarizeItem(
  item: Readonly<Record<string, unknown>>,
  otherParts: readonly (PipelineStatus | undefined)[] = [],
): ItemSummary {
  const chunks = listChunks(item).map(({ chunk }) => readStatus(chunk['status']))
  const parts = [...otherParts, ...chunks]
  const recorded = readStatus(item['status'])
  const known =
    recorded === undefined ? parts.map((status) => status ?? 'unknown') : parts.filter((status) => status !== undefined)
  return {
    status: judgeStatus(recorded, combineStatuses(known)) ?? 'unknown',
    recorded,
    startedAtMs: findStart(item),
    durationSeconds: findDuration(item),
    attempts: findAttempts(item),
    owner: findOwner(item),
    reasons: findReasons(item),
    chunks: countStatuses(chunks),
  }
}

/** A piece of a file, with what it is called: by itself, or where it is. */
export interface ChunkEntry {
  readonly id: string
  readonly chunk: PipelineChunk
}

/** The chunks of a phase or a file entry, in their order: of a list, of an object by name, and, in old documents, members like `chunk_0001`. */
export function listChunks(item: Readonly<Record<string, unknown>>): ChunkEntry[] {
  const { chunks } = item
  const named = Array.isArray(chunks) || isRecord(chunks) ? Object.entries(chunks) : []
  const members = Object.entries(item).filter(([name]) => CHUNK_NAME.test(name))
  return [...named, ...members].flatMap(([name, chunk]) =>
    isRecord(chunk) ? [{ id: idOf(chunk['chunk_id']) ?? idOf(chunk['id']) ?? name, chunk }] : [],
  )
}

const CHUNK_NAME = /^chunk[_-]?\d+$/i

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
