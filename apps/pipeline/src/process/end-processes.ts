import { setTimeout as wait } from 'node:timers/promises'
import { errorCode } from '@holdfast/atomic-file'
import { findMarked, groupOf, isAnyoneIn } from './process-table.js'

export interface EndOptions {
  /** What the processes have in their environment: finds those that left their group. */
  readonly marker: string
  /** Time between TERM and KILL, in milliseconds. */
  readonly graceMs: number
  /** Aborts when the grace is over before its time. */
  readonly hurry?: AbortSignal | undefined
}

/**
 * Ends a process group and everything that was started from it: TERM, and KILL for what is still there after the grace. Resolves when all of it is gone,
 * to the number of processes outside of the group that had to be ended.
 */
export async function endProcesses(group: number | undefined, { marker, graceMs, hurry }: EndOptions): Promise<number> {
  const strays = new Set<number>()
  const signalAll = async (signal: NodeJS.Signals): Promise<boolean> => {
    let isAnyThere = group !== undefined && (await isGroupAlive(group)) && send(-group, signal)
    for (const pid of await findMarked(marker)) {
      // Once is enough: many programs take a second TERM as the wish not to clean up.
      if (groupOf(pid) === group) continue
      strays.add(pid)
      isAnyThere = send(pid, signal) || isAnyThere
    }
    return isAnyThere
  }
  const isAnythingLeft = async (): Promise<boolean> =>
    (group !== undefined && (await isGroupAlive(group))) || (await findMarked(marker)).length > 0
  const deadline = performance.now() + graceMs
  if (!(await signalAll('SIGTERM'))) return strays.size
  while (performance.now() < deadline && hurry?.aborted !== true) {
    if (!(await isAnythingLeft())) return strays.size
    await wait(POLL_MS)
  }
  while (await signalAll('SIGKILL')) await wait(POLL_MS)
  return strays.size
}

/** Whether a process group has members that still run. */
export async function isGroupAlive(group: number): Promise<boolean> {
  return send(-group, 0) && (await isAnyoneIn(group)) !== false
}

const POLL_MS = 20

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false
    if (errorCode(error) === 'EPERM') return false
    throw error
  }
}
