import { join, resolve } from 'node:path'
import type { FileFacts } from '../files/file-facts.js'
import type { Phase } from '../pipeline.js'
import type { FindOutputs, Job } from '../plan/scope.js'
import type { Recorder } from '../record/recorder.js'
import type { UnitRecord } from '../record/unit-record.js'
import type { RunEvent } from './events.js'
import type { Slots } from './slots.js'

/** What everything in one run has in common. */
export interface RunContext {
  readonly job: Job
  readonly runId: string
  readonly stateFolder: string
  readonly recorder: Recorder
  readonly slots: Slots
  /** Aborts when the run is called off or cannot go on. */
  readonly signal: AbortSignal
  /** Ends everything: what cannot be recorded must not go on. */
  readonly giveUp: (error: unknown) => void
  /** Aborts when what is being ended gets no more time. */
  readonly hurry: AbortSignal | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly resume: boolean
  /** Takes the place of the number in the definition. */
  readonly maxRetries: number | undefined
  readonly graceMs: number
  readonly known: Map<string, FileFacts>
  /** The records of phases as the run has left or found them. */
  readonly records: Map<string, UnitRecord>
  /** A path as the state keeps it. */
  readonly toRecordedPath: (path: string) => string
  readonly now: () => number
  readonly onEvent: (event: RunEvent) => void
}

/** The outputs of phases as they are recorded; of a phase of items, those of all of its items in their order. */
export function outputsIn(context: Pick<RunContext, 'job' | 'records' | 'stateFolder'>): FindOutputs {
  return (id, output) => {
    const phase = context.job.pipeline.phases.find((candidate) => candidate.id === id)
    if (phase === undefined || !Object.hasOwn(phase.outputs, output)) return undefined
    return listOutputs(phase, context.records.get(id))[output]?.map((path) => resolve(context.stateFolder, path)) ?? []
  }
}

function listOutputs(phase: Phase, record: UnitRecord | undefined): Readonly<Record<string, readonly string[]>> {
  const units = phase.items === undefined ? [record] : (record?.items ?? [])
  return Object.fromEntries(
    Object.keys(phase.outputs).map((name) => [
      name,
      units.flatMap((unit) => (unit?.outputs[name] ?? []).map(({ path }) => path)),
    ]),
  )
}

/** The file that takes what an attempt prints. */
export function logPathOf(
  { stateFolder, job }: RunContext,
  phase: string,
  item: string | undefined,
  attempt: number,
): string {
  const folder = join(stateFolder, '.pipeline', 'logs', toFileName(job.fileId))
  return item === undefined
    ? join(folder, `${phase}-${attempt}.log`)
    : join(folder, phase, `${toFileName(item)}-${attempt}.log`)
}

/** A name that is one name on every file system, and another for every id. */
export function toFileName(id: string): string {
  const safe = id.replaceAll(/[^A-Za-z0-9._ -]/g, (char) => encodeURIComponent(char).replaceAll('*', '%2A'))
  return /^\.*$/.test(safe) ? `%2E${safe.slice(1)}` : safe
}
