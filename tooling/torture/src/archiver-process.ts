import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ArchiverExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** SIGKILL comes then. */
  readonly killAfterMs?: number | undefined
  /** What the archiver takes for the time, epoch milliseconds. */
  readonly startAtMs?: number
}

const BIN = fileURLToPath(new URL('bin/archiver.js', import.meta.resolve('@holdfast/archiver/package.json')))
const WITH_CLOCK = fileURLToPath(new URL('week/execute-at.ts', import.meta.url))

/** Runs the archiver to its end, or to the SIGKILL. */
export function runArchiver(
  args: readonly string[],
  { killAfterMs, startAtMs }: RunOptions = {},
): Promise<ArchiverExit> {
  const program = startAtMs === undefined ? [BIN] : [WITH_CLOCK, String(startAtMs)]
  const child = spawn(process.execPath, [...program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, ...output })
    })
  })
}

/** With bad runs about, an execution ends with 0 or 1; anything else is a defect of its own. */
export function expectEnd(exit: ArchiverExit, folder: string): void {
  if (exit.code === 0 || exit.code === 1) return
  throw new Error(`The archiver ended with exit code ${exit.code} (${exit.signal}) in ${folder}:\n${exit.stderr}`)
}
