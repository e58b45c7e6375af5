import {
  findPhaseNames,
  type PipelineDocument,
  type PipelineStatus,
  type StatusCounts,
  summarizePipeline,
} from '@holdfast/txn-store/pipeline'
import { isOwnerAlive } from '../record/owner.js'
import { isTable } from '../record/unit-record.js'

/** `interrupted`: recorded as running by a process that is not there any more; the next run takes it up. */
export type ShownStatus = PipelineStatus | 'interrupted'

export interface PhaseState {
  readonly phase: string
  readonly status: ShownStatus
  readonly reason: string | undefined
  readonly attempts: number | undefined
  readonly items: StatusCounts | undefined
  /** ISO-8601 UTC. */
  readonly started: string | undefined
  readonly durationSeconds: number | undefined
  /** Of what is running; whether it is alive is only known of processes on this computer. */
  readonly owner:
    | { readonly pid: number | undefined; readonly host: string | undefined; readonly isAlive: boolean | 'unknown' }
    | undefined
}

export interface InputState {
  readonly fileId: string
  readonly input: string | undefined
  readonly status: ShownStatus
  readonly phases: readonly PhaseState[]
}

/** What is recorded of every input, or of one, phase by phase. */
export function readStatus(
  document: Readonly<PipelineDocument>,
  { phases: wanted, fileId }: { readonly phases?: readonly string[] | undefined; readonly fileId?: string | undefined },
): InputState[] {
  const ids = fileId === undefined ? findFileIds(document) : [fileId]
  const names = wanted ?? findPhaseNames(document)
  const inputs = isTable(document['inputs']) ? document['inputs'] : {}
  return ids.map((id) => {
    const summary = summarizePipeline(document, { fileId: id, phases: names })
    const phases = summary.phases.map(
      ({ phase, status, reasons, attempts, chunks, startedAtMs, durationSeconds, owner }) => {
        const isAlive = isOwnerAlive(owner)
        const isRunning = status === 'running'
        const shown: ShownStatus = isRunning && isAlive === false ? 'interrupted' : status
        return {
          phase,
          status: shown,
          reason: shown === 'success' ? undefined : reasons[0],
          attempts,
          items: chunks.total === 0 ? undefined : chunks,
          started: startedAtMs === undefined ? undefined : new Date(startedAtMs).toISOString(),
          durationSeconds: isRunning ? undefined : durationSeconds,
          owner:
            isRunning && isTable(owner)
              ? { pid: numberOf(owner['pid']), host: textOf(owner['host']), isAlive }
              : undefined,
        }
      },
    )
    const isInterrupted = phases.some(({ status }) => status === 'interrupted')
    const isAtWork = phases.some(({ status }) => status === 'running')
    const input = Object.hasOwn(inputs, id) ? textOf(inputs[id]) : undefined
    return { fileId: id, input, status: isInterrupted && !isAtWork ? 'interrupted' : summary.status, phases }
  })
}

function findFileIds(document: Readonly<PipelineDocument>): string[] {
  const inputs = isTable(document['inputs']) ? Object.keys(document['inputs']) : []
  const recorded = summarizePipeline(document).phases.flatMap(({ files }) => files.map(({ fileId }) => fileId))
  return [...new Set([...inputs, ...recorded])]
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
