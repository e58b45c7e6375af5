import { hostname } from 'node:os'
import { startTimeOf } from '../process/process-table.js'
import { isTable } from './unit-record.js'

/** Who works on something, as it is recorded with `running`. */
export interface Owner {
  readonly pid: number
  readonly host: string
  /** When the run began, ISO-8601 UTC. */
  readonly started: string
  readonly run_id: string
  /** Tells this process from a later one with its number; `null` where the system does not say. */
  readonly start_ticks: string | null
}

export function describeOwner(runId: string, started: string): Owner {
  return { pid: process.pid, host: hostname(), started, run_id: runId, start_ticks: startTimeOf(process.pid) ?? null }
}

/** `'unknown'` for owners on other computers. */
export function isOwnerAlive(owner: unknown): boolean | 'unknown' {
  if (!isTable(owner) || typeof owner['pid'] !== 'number') return false
  if (owner['host'] !== hostname()) return 'unknown'
  const ticks = startTimeOf(owner['pid'])
  if (ticks !== undefined) return owner['start_ticks'] === null || ticks === owner['start_ticks']
  try {
    process.kill(owner['pid'], 0)
    return process.platform !== 'linux'
  } catch {
    return false
  }
}
