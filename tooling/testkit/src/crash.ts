import { type Child, type ChildExit, type ChildOptions, startChild } from './child.js'

export interface Crash {
  /** 1 = right before the first operation that changes files; operations are opening for writing, write, sync, rename, link, unlink, truncate, mkdir … */
  readonly atOperation: number
  /** `kill` ends the process with SIGKILL; `stop` freezes it for good after it sent `{ type: 'stopped' }`. @default 'kill' */
  readonly mode?: 'kill' | 'stop'
}

export interface CrashSweepOptions extends Omit<ChildOptions, 'crash'> {
  /** First operation to crash at. @default 1 */
  readonly from?: number
  /** Distance between crash points. @default 1 */
  readonly step?: number
  /** Run before each child starts, to lay out fresh input. */
  readonly prepare?: (operation: number) => void | Promise<void>
}

/** The point a crash was asked for was never reached when the child ends by itself. */
export function crashArguments(crash: Crash | undefined): string[] {
  return crash === undefined ? [] : ['--import', import.meta.resolve('@holdfast/testkit/crash-preload')]
}

export function crashEnvironment(crash: Crash | undefined): Record<string, string> {
  if (crash === undefined) return {}
  return { HOLDFAST_CRASH_AT: String(crash.atOperation), HOLDFAST_CRASH_MODE: crash.mode ?? 'kill' }
}

/**
 * Runs a script once for each of its file-system operations and kills it with SIGKILL right before that operation; calls `check` after each
 * kill. Ends after the run that was not killed, whose result is checked as well, and resolves to the number of kills.
 */
export async function crashSweep(
  script: string | URL,
  options: CrashSweepOptions,
  check: (operation: number, child: Child, exit: ChildExit) => void | Promise<void>,
): Promise<number> {
  let kills = 0
  for (let atOperation = options.from ?? 1; ; atOperation += options.step ?? 1) {
    await options.prepare?.(atOperation)
    const child = startChild(script, { ...options, crash: { atOperation } })
    const exit = await child.exited
    if (exit.signal !== 'SIGKILL' && exit.code !== 0) {
      throw new Error(
        `The child failed by itself before operation ${atOperation} (exit code ${exit.code}):\n${child.stderr()}`,
      )
    }
    await check(atOperation, child, exit)
    if (exit.signal !== 'SIGKILL') return kills
    kills += 1
  }
}
