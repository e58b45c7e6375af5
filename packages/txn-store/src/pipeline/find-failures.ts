import { findAttempts, findReasons } from './item-facts.js'
import { isRecord } from './pipeline-document.js'
import { type PipelineStatus, readStatus } from './pipeline-status.js'
import { type ItemSummary, listChunks } from './summarize-item.js'

/** One thing that failed, or ended without being complete: the smallest that the document tells of. */
export interface PipelineFailure {
  readonly phase: string
  readonly fileId: string | undefined
  readonly chunkId: string | undefined
  readonly status: PipelineStatus
  readonly attempts: number | undefined
  /** Why, most telling first; empty when nobody wrote it down. */
  readonly reasons: readonly string[]
}

type Item = Readonly<Record<string, unknown>>

/** A phase or a file with what its parts have against it. */
export interface Suspect {
  readonly phase: string
  readonly fileId: string | undefined
  readonly item: Item
  readonly summary: ItemSummary
}

/** The failures of a file: those of its chunks, or its own. */
export function findFileFailures(file: Suspect, block: Item): PipelineFailure[] {
  const chunks = findChunkFailures(file)
  const told = file.summary.reasons.length > 0 ? [] : reasonsAbout(block, 'file_id', file.fileId)
  return [...chunks, ...ownFailure(file, chunks.length > 0, told)]
}

/** The failures of a phase besides those of its files. */
export function findPhaseFailures(phase: Suspect, files: readonly PipelineFailure[]): PipelineFailure[] {
  const chunks = findChunkFailures(phase)
  return [...chunks, ...ownFailure(phase, files.length + chunks.length > 0, [])]
}

function findChunkFailures({ phase, fileId, item }: Suspect): PipelineFailure[] {
  return listChunks(item).flatMap(({ id, chunk }) => {
    const status = readStatus(chunk['status'])
    if (!isFailure(status)) return []
    const own = findReasons(chunk)
    const reasons = own.length > 0 ? own : reasonsAbout(item, 'chunk_id', id)
    return [{ phase, fileId, chunkId: id, status, attempts: findAttempts(chunk), reasons }]
  })
}

/** What the item has to say besides its parts; nothing when they say it all. */
function ownFailure(
  { phase, fileId, item, summary }: Suspect,
  isExplained: boolean,
  told: readonly string[],
): PipelineFailure[] {
  const { status, recorded, attempts } = summary
  if (!isFailure(status)) return []
  const reasons = [...findReasons({ ...item, errors: isExplained ? ownErrors(item) : item['errors'] }), ...told]
  if (isExplained && reasons.length === 0) return []
  if (reasons.length === 0 && recorded === 'success') reasons.push('recorded as success, but not all of its parts are')
  return [{ phase, fileId, chunkId: undefined, status, attempts, reasons }]
}

function isFailure(status: PipelineStatus | undefined): status is 'failed' | 'partial' {
  return status === 'failed' || status === 'partial'
}

function reasonsAbout(parent: Item, key: 'file_id' | 'chunk_id', id: string | undefined): string[] {
  const errors = listErrors(parent).filter((error) => isRecord(error) && String(error[key]) === id)
  return findReasons({ errors })
}

/** The errors that are not about a part. */
function ownErrors(item: Item): unknown[] {
  return listErrors(item).filter(
    (error) => !isRecord(error) || (error['file_id'] ?? error['chunk_id'] ?? null) === null,
  )
}

function listErrors({ errors }: Item): unknown[] {
  return Array.isArray(errors) ? errors : [errors]
}
