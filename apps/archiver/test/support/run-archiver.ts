import { EventEmitter } from 'node:events'
import { type ProcessLike, type RunDeps, run } from '../../src/index.js'

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions extends RunDeps {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Called with each piece of log output, while the archiver is at work. */
  readonly onLog?: (text: string, signals: EventEmitter) => void
}

/** Runs the whole program in this process, with its own streams and signals. */
export async function runArchiver(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const output = { stdout: '', stderr: '' }
  const signals = new EventEmitter()
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string, written?: () => void) => {
      output[name] += text
      written?.()
      if (name === 'stderr') options.onLog?.(text, signals)
    },
    on: () => undefined,
  })
  const proc: ProcessLike = {
    argv: ['node', 'archiver', ...args],
    env: options.env ?? {},
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    cwd: () => options.cwd ?? '/',
    exit: (code) => {
      output.stderr += `exit ${code} at once\n`
    },
    on: (event, listener) => signals.on(event, listener),
    off: (event, listener) => signals.off(event, listener),
  }
  const code = await run(proc, options)
  return { code, ...output }
}
