/**
 * The document of a pipeline, form 4.0.0, as the types of what programs read and write. Everything is optional and may be `null`, because files of all ages
 * are like that; fields that are not named here are allowed everywhere and are kept.
 */

/** The version of the form that is written here. Documents whose version has a greater first number are not committed to. */
export const PIPELINE_VERSION = '4.0.0'

/** The states of a phase, a file or a chunk. */
export const PIPELINE_STATUSES = [
  'pending',
  'running',
  'success',
  'partial',
  'partial_success',
  'failed',
  'error',
  'skipped',
  'unknown',
] as const

/** Other words for them that are found in files; they are accepted and read as what they mean. */
export const PIPELINE_STATUS_SYNONYMS = ['complete', 'completed', 'ok', 'ready', 'in_progress'] as const

/** A state as documents have it. */
export type RecordedStatus = (typeof PIPELINE_STATUSES)[number] | (typeof PIPELINE_STATUS_SYNONYMS)[number]

/** When it was. Numbers are seconds since 1970, in old files also seconds since the start of the computer; texts are ISO-8601. */
export interface PipelineTimestamps {
  start?: number | string | null | undefined
  end?: number | string | null | undefined
  /** In seconds. */
  duration?: number | null | undefined
  [field: string]: unknown
}

/** What went wrong, when more than a text is known. */
export interface PipelineErrorEntry {
  type?: string | null | undefined
  message?: string | null | undefined
  timestamp?: number | string | null | undefined
  file_id?: string | null | undefined
  chunk_id?: string | number | null | undefined
  [field: string]: unknown
}

/** The process that works on it. */
export interface PipelineOwner {
  pid?: number | null | undefined
  host?: string | null | undefined
  started?: number | string | null | undefined
  [field: string]: unknown
}

/** What phases, files and chunks have in common. */
export interface PipelineItem {
  status?: RecordedStatus | null | undefined
  timestamps?: PipelineTimestamps | null | undefined
  /** Paths in a list, or whatever by name. To be found by `listArtifacts`: `{ path, sha256, bytes }`. */
  artifacts?: Record<string, unknown> | unknown[] | null | undefined
  metrics?: Record<string, unknown> | null | undefined
  errors?: (string | PipelineErrorEntry)[] | null | undefined
  /** How often it was begun. */
  attempts?: number | null | undefined
  /** Who works on it, as long as it is `running`. */
  owner?: PipelineOwner | null | undefined
  /** Why it is in that state, such as why it was skipped. */
  reason?: string | null | undefined
  /** How the command ended. */
  exit_code?: number | null | undefined
  signal?: string | null | undefined
  [field: string]: unknown
}

/** One of the pieces that a file is worked on in. */
export interface PipelineChunk extends PipelineItem {
  chunk_id?: string | number | null | undefined
}

export type PipelineChunks = (PipelineChunk | string)[] | Record<string, PipelineChunk>

/** What a phase did with one file. */
export interface PipelineFileEntry extends PipelineItem {
  chunks?: PipelineChunks | null | undefined
}

/** One phase. */
export interface PipelinePhase extends PipelineItem {
  files?: Record<string, PipelineFileEntry> | null | undefined
  chunks?: PipelineChunks | null | undefined
}

/** One run over many inputs. */
export interface PipelineBatchRun extends PipelineItem {
  run_id?: string | null | undefined
  files?: Record<string, PipelineFileEntry> | null | undefined
}

/**
 * A whole document. A phase is what is found under a name like `phase1`, `phase5_5` or `phaseG`, and under every name in `phases`; programs with other
 * phases name them there.
 */
export interface PipelineDocument {
  pipeline_version?: string | null | undefined
  created_at?: string | null | undefined
  last_updated?: string | null | undefined
  file_id?: string | null | undefined
  input_file?: string | null | undefined
  tts_profile?: string | null | undefined
  tts_voice?: string | null | undefined
  voice_overrides?: Record<string, string | null> | null | undefined
  /** The states of the phases by name, for readers in a hurry; what the phases themselves say counts. `stampPipeline` brings it up to date. */
  phases?: Record<string, RecordedStatus> | null | undefined
  phase1?: (PipelinePhase & { hashes?: string[] | null | undefined }) | null | undefined
  phase2?: PipelinePhase | null | undefined
  phase3?: PipelinePhase | null | undefined
  phase4?: PipelinePhase | null | undefined
  phase5?: PipelinePhase | null | undefined
  phase5_5?: PipelinePhase | null | undefined
  phase6?: PipelinePhase | null | undefined
  phase7?: PipelinePhase | null | undefined
  batch_runs?: PipelineBatchRun[] | null | undefined
  [field: string]: unknown
}

/** The names under which a document has phases: in the order of their numbers, then of their letters, then as `phases` names them. */
export function findPhaseNames(document: Readonly<PipelineDocument>): string[] {
  const named = Object.keys(isRecord(document.phases) ? document.phases : {})
  const others = named.filter((key) => !isPhaseName(key) && isRecord(document[key]))
  return sortPhaseNames([...Object.keys(document).filter(isPhaseName), ...others])
}

/** Phases with numbers by these, then those with letters, then all others as they came; each once. */
export function sortPhaseNames(names: readonly string[]): string[] {
  const unique = [...new Set(names)]
  return [...unique.filter(isPhaseName).sort(comparePhaseNames), ...unique.filter((name) => !isPhaseName(name))]
}

/** Tells the names that are those of phases by themselves. */
export function isPhaseName(name: string): boolean {
  return PHASE_NAME.test(name)
}

/** Tells an object of JSON from everything else. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const PHASE_NAME = /^phase(?:\d+(?:_\d+)?|[A-Z])$/

function comparePhaseNames(a: string, b: string): number {
  const [numberA, numberB] = [phaseNumber(a), phaseNumber(b)]
  if (numberA !== numberB) return numberA < numberB ? -1 : 1
  return a < b ? -1 : 1
}

/** `phase5_5` is 5.5; letters come after all numbers. */
function phaseNumber(name: string): number {
  const number = Number(name.slice('phase'.length).replace('_', '.'))
  return Number.isNaN(number) ? Number.POSITIVE_INFINITY : number
}
