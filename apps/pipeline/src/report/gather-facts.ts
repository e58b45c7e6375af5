import { isAbsolute, posix, relative, resolve, sep } from 'node:path'
import type { TransactionRecord } from '@holdfast/txn-store'
import { type PipelineDocument, type PipelineSummary, summarizePipeline } from '@holdfast/txn-store/pipeline'
import type { Pipeline } from '../pipeline.js'
import { isTable } from '../record/unit-record.js'
import { gatherPhase, type PhaseFindings } from './gather-phase.js'
import type { HistoryFacts, InputFacts, LinkFacts, ReportFacts } from './report-facts.js'
import { coverSpans, measureBusy } from './time-axis.js'

export interface GatherOptions {
  /** Absolute. */
  readonly statePath: string
  /** Where the page will be; links to logs and artifacts are relative to it. */
  readonly reportFolder: string
  /** What the document is the state of: tells names, and phases that were never begun. @default only what the document says */
  readonly pipeline?: Pick<Pipeline, 'name' | 'phases'> | undefined
  /** Only this input. @default all of the document, those that need attention first */
  readonly fileId?: string | undefined
  /** Newest first. */
  readonly history: readonly TransactionRecord[]
  readonly nowMs: number
  /** Whether the process that is recorded as at work is there. */
  readonly isOwnerAlive: (owner: unknown) => boolean | 'unknown'
  /** How many of what may be many are told in full. */
  readonly limits?: Partial<ReportLimits>
}

export interface ReportLimits {
  readonly inputs: number
  readonly slowestItems: number
  readonly failures: number
  /** Of each phase. */
  readonly artifacts: number
}

export const DEFAULT_LIMITS: ReportLimits = { inputs: 50, slowestItems: 10, failures: 50, artifacts: 30 }

/** What there is to report of a document, of any age and form; reads nothing but what it is given. */
export function gatherFacts(document: Readonly<PipelineDocument>, options: GatherOptions): ReportFacts {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const ids = options.fileId === undefined ? findInputs(document) : [options.fileId]
  const inputs = ids
    .map((fileId) => gatherInput(document, fileId, limits, options))
    .sort((one, other) => urgencyOf(one) - urgencyOf(other))
  return {
    statePath: options.statePath,
    pipeline: options.pipeline?.name,
    version: textOf(document.pipeline_version),
    createdAtMs: instantOf(document.created_at),
    updatedAtMs: instantOf(document.last_updated),
    generatedAtMs: options.nowMs,
    inputs: inputs.slice(0, limits.inputs),
    inputsLeftOut: Math.max(0, inputs.length - limits.inputs),
    history: options.history.map(toHistory),
  }
}

/** The ids of all inputs that a document tells of; none without any. */
export function findInputs(document: Readonly<PipelineDocument>): string[] {
  const recorded = summarizePipeline(document).phases.flatMap(({ files }) => files.map(({ fileId }) => fileId))
  const inputs = isTable(document['inputs']) ? Object.keys(document['inputs']) : []
  const own = textOf(document.file_id)
  return [...new Set([...(own === undefined ? [] : [own]), ...inputs, ...recorded])]
}

function gatherInput(
  document: Readonly<PipelineDocument>,
  fileId: string,
  limits: ReportLimits,
  options: GatherOptions,
): InputFacts {
  const phases = options.pipeline?.phases
  const summary: PipelineSummary = summarizePipeline(document, {
    fileId,
    ...(phases === undefined ? {} : { phases: phases.map(({ id }) => id) }),
  })
  const nameOf = (id: string): string => phases?.find((phase) => phase.id === id)?.name ?? id
  const context = { ...options, limits, fileId, link: (path: string) => toLink(path, options), nameOf }
  const found: PhaseFindings[] = summary.phases.map((phase) => gatherPhase(document, phase, context))
  const failures = found.flatMap((phase) => phase.failures)
  const inputs = document['inputs']
  const path = isTable(inputs) && Object.hasOwn(inputs, fileId) ? textOf(inputs[fileId]) : undefined
  const count = found.reduce((sum, { failureCount }) => sum + failureCount, 0)
  const shown = failures.slice(0, limits.failures)
  return {
    fileId,
    path: path ?? (fileId === document.file_id ? textOf(document.input_file) : undefined),
    status: summary.status,
    span: coverSpans(found.flatMap(({ spans }) => spans)),
    workMs: measureBusy(found.flatMap(({ spans }) => spans)),
    phases: found.map(({ facts }) => facts),
    failures: shown,
    failuresLeftOut: count - shown.length,
    artifacts: found.flatMap(({ artifacts }) => artifacts),
    artifactCount: found.reduce((sum, { artifactCount }) => sum + artifactCount, 0),
    artifactBytes: found.reduce((sum, { artifactBytes }) => sum + artifactBytes, 0),
  }
}

/** What has failed comes first, what is done last. */
function urgencyOf({ status }: InputFacts): number {
  return { failed: 0, partial: 1, running: 2, success: 4 }[status as string] ?? 3
}

function toLink(path: string, { statePath, reportFolder }: GatherOptions): LinkFacts {
  const target = relative(reportFolder, resolve(statePath, '..', path))
    .split(sep)
    .join('/')
  // Begins with a dot, so that no name is taken for a scheme.
  const href = isAbsolute(target) ? undefined : `./${posix.normalize(target)}`.split('/').map(encode).join('/')
  return { path, href }
}

function encode(segment: string): string {
  return encodeURIComponent(segment.toWellFormed())
}

function toHistory(record: TransactionRecord): HistoryFacts {
  const { timestamp, operation, success, label, pid, host, durationMs } = record
  const who = [label, `process ${pid}`, host === undefined ? undefined : `on ${host}`]
  return { timestamp, operation, success, label: who.filter((part) => part !== undefined).join(' '), durationMs }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function instantOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}
