import { type Child, type ChildExit, type ChildOptions, DEADLINE_MS, startChild } from './child.js'

export interface Crash {
  /** 1 = right before the first operation that changes files; operations are opening for writing, write, sync, rename, link, unlink, truncate, mkdir … */
  readonly atOperation: number
  /** Counts only the operations of this name: `rename`, `link`, `unlink`, `open` (for writing), `write`, `sync`, `datasync`, `mkdir` … @default all */
  readonly operation?: string
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

export function crashArguments(crash: Crash | undefined): string[] {
  return crash === undefined ? [] : ['--import', import.meta.resolve('@holdfast/testkit/crash-preload')]
}

export function crashEnvironment(crash: Crash | undefined): Record<string, string> {
  if (crash === undefined) return {}
  return {
    HOLDFAST_CRASH_AT: String(crash.atOperation),
    HOLDFAST_CRASH_OPERATION: crash.operation ?? '',
    HOLDFAST_CRASH_MODE: crash.mode ?? 'kill',
  }
}

/**
 * Runs a script once for each of its file-system operations and kills it with SIGKILL right before that operation; calls `check` after each
 * kill. Ends after the run that was not killed, whose result is checked as well, and resolves to the number of kills. Assert that number, or at
 * least that it is not zero: a script that does nothing passes every check.
 *
 * @throws Error when a run fails by itself or is not over at its deadline.
 * @example
 * const kills = await crashSweep(SCRIPT, { args: [dir()] }, () => expect(['old', 'new']).toContain(readFileSync(file, 'utf8')))
 * expect(kills).toBeGreaterThan(4)
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
    const exit = await withDeadline(child, atOperation, options.deadlineMs ?? DEADLINE_MS)
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

async function withDeadline(child: Child, atOperation: number, deadlineMs: number): Promise<ChildExit> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new Error(`The child to be killed before operation ${atOperation} still runs after ${deadlineMs} ms`))
  }, deadlineMs)
  try {
    return await Promise.race([child.exited, late])
  } finally {
    clearTimeout(timer)
  }
}
