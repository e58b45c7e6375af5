import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunDirectories } from './run-directories.js'

/** A record is written at one go: no file of it is younger than its folder by more. */
const LONGEST_WRITING_MS = 3_600_000

export interface SettleOptions {
  /** A record that has changed so recently may still be written. */
  readonly settleMs: number
  readonly nowMs: number
}

/**
 * The lowest of the runs whose record may still be written; `undefined` when all are settled. A time in the future, by more than clocks differ, tells nothing and
 * counts as settled.
 */
export async function firstUnsettledRun(
  directories: RunDirectories,
  isInQuestion: (run: number) => boolean,
  { settleMs, nowMs }: SettleOptions,
): Promise<number | undefined> {
  const isRecent = async (path: string, limitMs: number): Promise<boolean> => {
    const status = await stat(path).catch(() => undefined)
    return status !== undefined && Math.abs(nowMs - status.mtimeMs) < limitMs
  }
  for (const run of [...directories.keys()].filter(isInQuestion).sort((one, other) => one - other)) {
    const directory = directories.get(run) ?? ''
    if (!(await isRecent(directory, LONGEST_WRITING_MS + settleMs))) continue
    const names = await readdir(directory, { recursive: true }).catch(() => [])
    for (const name of ['', ...names]) if (await isRecent(join(directory, name), settleMs)) return run
  }
  return undefined
}
