import { findFileFailures, findPhaseFailures, type PipelineFailure } from './find-failures.js'
import { findOldEntries } from './old-layout.js'
import { findPhaseNames, isRecord, sortPhaseNames } from './pipeline-document.js'
import { combinePhases, countStatuses, type PipelineStatus, type StatusCounts } from './pipeline-status.js'
import { type ItemSummary, summarizeItem } from './summarize-item.js'

export interface SummaryOptions {
  /** The phases that there should be, in order; those that the document does not have are `pending`. @default those of the document */
  readonly phases?: readonly string[]
  /** Tell only of this file. What a phase says of itself then counts only if the document is about that file and the phase lists none. @default all files */
  readonly fileId?: string
}

export interface FileSummary extends ItemSummary {
  readonly fileId: string
}

export interface PhaseSummary extends ItemSummary {
  readonly phase: string
  /** Whether the document has it at all. */
  readonly isPresent: boolean
  readonly files: readonly FileSummary[]
  /** How many of its files are in which state. */
  readonly fileCounts: StatusCounts
}

export interface PipelineSummary {
  readonly fileId: string | undefined
  readonly version: string | undefined
  /** The state of the whole: `success` only when every phase is done or skipped. */
  readonly status: PipelineStatus
  readonly phases: readonly PhaseSummary[]
  /** How many phases are in which state. */
  readonly phaseCounts: StatusCounts
  readonly failures: readonly PipelineFailure[]
  /** All phases together, as far as it is known; `undefined` when it is of none. */
  readonly durationSeconds: number | undefined
}

/**
 * What a document says is done, what failed and why, and how long it took. Reads everything that can be read, also in documents that do not have the form,
 * and changes nothing.
 *
 * @example
 * const { failures } = summarizePipeline(await state.read())
 * for (const { phase, fileId, reasons } of failures) console.error(phase, fileId, reasons.join('; '))
 */
export function summarizePipeline(document: object, { phases: names, fileId }: SummaryOptions = {}): PipelineSummary {
  const data = isRecord(document) ? document : {}
  const owner = textOf(data['file_id'])
  const failures: PipelineFailure[] = []
  const oldEntries = findOldEntries(data)
  const phases = (names ?? sortPhaseNames([...findPhaseNames(data), ...oldEntries.keys()])).map((name) => {
    const block = Object.hasOwn(data, name) && isRecord(data[name]) ? data[name] : undefined
    const entries = {
      ...Object.fromEntries(oldEntries.get(name) ?? []),
      ...(isRecord(block?.['files']) ? block['files'] : {}),
    }
    const found = summarizePhase(name, block, entries, { fileId, isOwner: fileId === owner })
    failures.push(...found.failures)
    return found.summary
  })
  return {
    fileId: fileId ?? owner,
    version: textOf(data['pipeline_version']),
    status: combinePhases(phases.map(({ status }) => status)),
    phases,
    phaseCounts: countStatuses(phases.map(({ status }) => status)),
    failures,
    durationSeconds: sum(phases.map(({ durationSeconds }) => durationSeconds)),
  }
}

interface PhaseFindings {
  readonly summary: PhaseSummary
  readonly failures: readonly PipelineFailure[]
}

function summarizePhase(
  phase: string,
  block: Record<string, unknown> | undefined,
  entriesById: Readonly<Record<string, unknown>>,
  { fileId, isOwner }: { readonly fileId: string | undefined; readonly isOwner: boolean },
): PhaseFindings {
  const entries = Object.entries(entriesById)
  const failures: PipelineFailure[] = []
  const files = entries.flatMap(([id, value]) => {
    if (fileId !== undefined && id !== fileId) return []
    const item = isRecord(value) ? value : {}
    const summary = summarizeItem(item)
    failures.push(...findFileFailures({ phase, fileId: id, item, summary }, block ?? {}))
    return [{ fileId: id, ...summary }]
  })
  const isPresent = block !== undefined || entries.length > 0
  const base = { phase, isPresent, files, fileCounts: countStatuses(files.map(statusOf)) }
  if (!isPresent || (fileId !== undefined && (entries.length > 0 || !isOwner))) {
    return { summary: { ...base, ...phaseOfFile(files[0]) }, failures }
  }
  const item = block ?? {}
  const summary = summarizeItem(
    item,
    files.map(({ status, recorded }) => (status === 'unknown' ? recorded : status)),
  )
  failures.push(...findPhaseFailures({ phase, fileId: undefined, item, summary }, failures))
  const durationSeconds = summary.durationSeconds ?? sum(files.map((file) => file.durationSeconds))
  return { summary: { ...base, ...summary, durationSeconds }, failures }
}

/** What a phase is for one file: nothing that is recorded for others counts, nor what the phase says of itself. */
function phaseOfFile(file: FileSummary | undefined): ItemSummary {
  if (file === undefined) return { ...summarizeItem({}), status: 'pending' }
  const { fileId: _, ...summary } = file
  return summary
}

function statusOf({ status }: ItemSummary): PipelineStatus {
  return status
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0)
}
