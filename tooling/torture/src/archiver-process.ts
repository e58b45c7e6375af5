import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ArchiverExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

const BIN = fileURLToPath(new URL('bin/archiver.js', import.meta.resolve('@holdfast/archiver/package.json')))

/** Runs the archiver to its end, or to the SIGKILL that comes after `killAfterMs`. */
export function runArchiver(args: readonly string[], killAfterMs?: number): Promise<ArchiverExit> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
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
