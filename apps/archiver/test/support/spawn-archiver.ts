import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const BIN = fileURLToPath(new URL('../../bin/archiver.js', import.meta.url))

export interface SpawnedArchiver {
  readonly pid: number
  /** Resolves when the log shows the text; rejects when the archiver ends without. */
  logged(text: string): Promise<void>
  kill(signal: NodeJS.Signals): void
  readonly finished: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>
}

export interface SpawnOptions {
  /** User and group to run as; only root may ask for it. */
  readonly uid?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Starts the real command in a process of its own; it is killed and reaped when the test ends. */
export function spawnArchiver(args: readonly string[], options: SpawnOptions = {}): SpawnedArchiver {
  const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  const env = { ...process.env, ...options.env }
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env, ...identity })
  const output = collect(child)
  const finished = new Promise<Awaited<SpawnedArchiver['finished']>>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, ...output }))
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await finished
  })
  return {
    pid: child.pid ?? 0,
    finished,
    kill: (signal) => child.kill(signal),
    logged: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (output.stderr.includes(text)) resolve()
        }
        child.stderr?.on('data', look)
        child.once('close', () => reject(new Error(`The archiver ended without logging '${text}':\n${output.stderr}`)))
        look()
      }),
  }
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  return output
}
