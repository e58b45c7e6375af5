import { type ChildProcess, spawn } from 'node:child_process'

export interface CommandResult {
  /** Exit code; absent when the command could not be started or was ended by a signal. */
  readonly code: number | undefined
  /** Both streams as they came; empty for a command that writes to the terminal itself. */
  readonly output: string
}

export interface CommandOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Let the command write to our own streams. @default false */
  readonly live?: boolean
  /** Ends the command and everything it started. */
  readonly signal: AbortSignal
  /** How long what is asked to end may take before it is killed. @default 5_000 */
  readonly killAfterMs?: number
}

/** Runs a command in a process group of its own, so that an interrupt reaches its grandchildren too. Never rejects. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    if (options.signal.aborted) return resolve({ code: undefined, output: 'Interrupted' })
    const streams = options.live === true ? 'inherit' : 'pipe'
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.live === true ? options.env : { ...options.env, NO_COLOR: '1', FORCE_COLOR: undefined },
      stdio: ['ignore', streams, streams],
      detached: process.platform !== 'win32',
    })
    let output = ''
    const collect = (text: string): void => {
      output += text
    }
    child.stdout?.setEncoding('utf8').on('data', collect)
    child.stderr?.setEncoding('utf8').on('data', collect)
    const stop = (): void => endGroup(child, options.killAfterMs ?? 5_000)
    options.signal.addEventListener('abort', stop, { once: true })
    child.once('error', (error) => resolve({ code: undefined, output: `Cannot start '${command}': ${error.message}` }))
    child.once('close', (code, signal) => {
      options.signal.removeEventListener('abort', stop)
      // What outlives the command it belonged to would hold files and ports of the next run.
      if (options.signal.aborted) killGroup(child, 'SIGKILL')
      if (signal !== null) output += `\n'${command}' was ended by ${signal}`
      resolve({ code: code ?? undefined, output })
    })
  })
}

function endGroup(child: ChildProcess, killAfterMs: number): void {
  killGroup(child, 'SIGTERM')
  setTimeout(() => killGroup(child, 'SIGKILL'), killAfterMs).unref()
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal)
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    if (!isGone) throw error
  }
}
