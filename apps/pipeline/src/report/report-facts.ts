import type { PipelineStatus } from '@holdfast/txn-store/pipeline'

/** Everything that a report tells, as plain data: `gatherFacts` makes it, `renderReport` shows it. Instants are epoch ms. */
export interface ReportFacts {
  /** Of the document; what the page says it is about. */
  readonly statePath: string
  /** The name of the pipeline; `undefined` when only the document is known. */
  readonly pipeline: string | undefined
  readonly version: string | undefined
  readonly createdAtMs: number | undefined
  readonly updatedAtMs: number | undefined
  readonly generatedAtMs: number
  readonly inputs: readonly InputFacts[]
  /** Inputs of the document that are not among `inputs`. */
  readonly inputsLeftOut: number
  readonly history: readonly HistoryFacts[]
}

/** One input, and what every phase did with it. */
export interface InputFacts {
  readonly fileId: string
  readonly path: string | undefined
  readonly status: PipelineStatus
  /** When the first began and the last ended of what is recorded. */
  readonly span: Span | undefined
  /** How long something was under way, pauses left out. */
  readonly workMs: number
  readonly phases: readonly PhaseFacts[]
  readonly failures: readonly FailureFacts[]
  readonly failuresLeftOut: number
  readonly artifacts: readonly ArtifactFacts[]
  /** Of all artifacts, also those that are left out of the list. */
  readonly artifactCount: number
  readonly artifactBytes: number
}

export interface Span {
  readonly startMs: number
  readonly endMs: number
}

/** What is shown as a bar. */
export interface WorkFacts {
  readonly id: string
  readonly status: ReportStatus
  /** `undefined` for what was never begun, and for old clocks. */
  readonly span: Span | undefined
  readonly attempts: number | undefined
  readonly reasons: readonly string[]
}

/** `interrupted`: recorded as running, by a process that is gone. */
export type ReportStatus = PipelineStatus | 'interrupted'

export interface PhaseFacts extends WorkFacts {
  /** As the pipeline calls it; the id when only the document is known. */
  readonly name: string
  readonly log: LinkFacts | undefined
  /** How many items are in which state; `undefined` for a phase without items. */
  readonly items: { readonly total: number; readonly counts: Readonly<Record<string, number>> } | undefined
  /** Attempts of the items beyond the first of each. */
  readonly retries: number
  /** Those that took longest, in the order in which they began. */
  readonly slowest: readonly WorkFacts[]
  readonly metrics: readonly (readonly [name: string, value: string])[]
}

export interface FailureFacts {
  readonly phase: string
  readonly item: string | undefined
  readonly status: ReportStatus
  readonly attempts: number | undefined
  readonly reasons: readonly string[]
  /** The last lines that it wrote. */
  readonly tail: string | undefined
  readonly log: LinkFacts | undefined
}

export interface ArtifactFacts {
  readonly phase: string
  readonly item: string | undefined
  readonly name: string | undefined
  readonly file: LinkFacts
  readonly bytes: number | undefined
  readonly sha256: string | undefined
}

/** A file, and how it is reached from where the report is. */
export interface LinkFacts {
  readonly path: string
  /** `undefined`: not to be linked. */
  readonly href: string | undefined
}

export interface HistoryFacts {
  readonly timestamp: string
  readonly operation: string
  readonly success: boolean
  readonly label: string
  readonly durationMs: number | undefined
}
