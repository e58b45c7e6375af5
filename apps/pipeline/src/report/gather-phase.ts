import { listArtifacts, listChunks, type PhaseSummary, type PipelineDocument } from '@holdfast/txn-store/pipeline'
import { isTable } from '../record/unit-record.js'
import type { GatherOptions, ReportLimits } from './gather-facts.js'
import { readWork, type Work } from './read-work.js'
import type { ArtifactFacts, FailureFacts, LinkFacts, PhaseFacts, ReportStatus, Span } from './report-facts.js'

export interface PhaseContext extends Pick<GatherOptions, 'nowMs' | 'isOwnerAlive'> {
  readonly fileId: string
  readonly limits: ReportLimits
  readonly link: (path: string) => LinkFacts
  /** What people call a phase. */
  readonly nameOf: (phase: string) => string
}

/** A phase of one input, and what of it is told elsewhere than in the row of the phase. */
export interface PhaseFindings {
  readonly facts: PhaseFacts
  /** Of the phase and all of its items. */
  readonly spans: readonly Span[]
  readonly failures: readonly FailureFacts[]
  readonly failureCount: number
  readonly artifacts: readonly ArtifactFacts[]
  readonly artifactCount: number
  readonly artifactBytes: number
}

export function gatherPhase(
  document: Readonly<PipelineDocument>,
  summary: PhaseSummary,
  context: PhaseContext,
): PhaseFindings {
  const { limits, link } = context
  const entry = findEntry(document, summary.phase, context.fileId)
  const whole: Work = readWork(summary.phase, entry, context)
  const status: ReportStatus = whole.isInterrupted && summary.status === 'running' ? 'interrupted' : summary.status
  const items = listChunks(entry).map(({ id, chunk }) => readWork(id, chunk, context))
  const slowest = items
    .filter(({ span }) => span !== undefined)
    .sort((one, other) => lengthOf(other.span) - lengthOf(one.span))
    .slice(0, limits.slowestItems)
    .sort((one, other) => (one.span?.startMs ?? 0) - (other.span?.startMs ?? 0))
  const failed = items.filter(isFailure)
  const judged: Work = { ...whole, status }
  // Of a phase whose items have failed, these tell more.
  const told = failed.length > 0 || !isFailure(judged) ? failed : [judged]
  const found = [whole, ...items].flatMap((work) =>
    listArtifacts(work.raw).map((artifact) => ({ ...artifact, item: work === whole ? undefined : work.id })),
  )
  const { raw: _, isInterrupted: __, tail: ___, ...shown } = whole
  const spans = [whole, ...items].flatMap(({ span }) => (span === undefined ? [] : [span]))
  return {
    facts: {
      ...shown,
      name: context.nameOf(summary.phase),
      status,
      reasons: summary.reasons,
      items:
        items.length === 0 ? undefined : { total: items.length, counts: countBy(items.map((item) => item.status)) },
      retries: items.reduce((sum, { attempts = 0 }) => sum + Math.max(0, attempts - 1), 0),
      slowest: slowest.map(toBar),
      metrics: readMetrics(entry),
    },
    spans,
    failures: told.slice(0, limits.failures).map((work) => toFailure(summary.phase, work, work.raw === entry)),
    failureCount: told.length,
    artifacts: found.slice(0, limits.artifacts).map(({ path, name, item, bytes, sha256 }) => ({
      phase: summary.phase,
      item,
      name,
      file: link(path),
      bytes,
      sha256,
    })),
    artifactCount: found.length,
    artifactBytes: found.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
  }
}

/** What the phase has about one input; without files, what it has about itself. */
function findEntry(
  document: Readonly<PipelineDocument>,
  phase: string,
  fileId: string,
): Readonly<Record<string, unknown>> {
  const block = Object.hasOwn(document, phase) ? document[phase] : undefined
  if (!isTable(block)) return findOldEntry(document, phase, fileId)
  const { files } = block
  if (isTable(files) && Object.hasOwn(files, fileId) && isTable(files[fileId])) return files[fileId]
  const isAboutAll = !isTable(files) || Object.keys(files).length === 0
  return isAboutAll && document.file_id === fileId ? block : {}
}

/** In the oldest documents phases are in files, not files in phases. */
function findOldEntry(document: Readonly<PipelineDocument>, phase: string, fileId: string): Record<string, unknown> {
  const file = Object.hasOwn(document, fileId) ? document[fileId] : undefined
  const entry = isTable(file) && Object.hasOwn(file, phase) ? file[phase] : undefined
  return isTable(entry) ? entry : {}
}

function isFailure({ status }: Pick<Work, 'status'>): boolean {
  return status === 'failed' || status === 'interrupted'
}

function toFailure(phase: string, { id, status, attempts, reasons, tail, log }: Work, isWhole: boolean): FailureFacts {
  return { phase, item: isWhole ? undefined : id, status, attempts, reasons, tail, log }
}

function toBar({ id, status, span, attempts, reasons }: Work): PhaseFacts['slowest'][number] {
  return { id, status, span, attempts, reasons }
}

function lengthOf(span: Span | undefined): number {
  return span === undefined ? -1 : span.endMs - span.startMs
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

/** The items are counted elsewhere. */
function readMetrics(entry: Readonly<Record<string, unknown>>): (readonly [string, string])[] {
  const metrics = isTable(entry['metrics']) ? entry['metrics'] : {}
  return Object.entries(metrics)
    .filter(([name, value]) => !name.startsWith('items') && (typeof value === 'number' || typeof value === 'string'))
    .slice(0, MAX_METRICS)
    .map(([name, value]) => [name, String(value).slice(0, MAX_METRIC_LENGTH)])
}

const MAX_METRICS = 20
const MAX_METRIC_LENGTH = 200
