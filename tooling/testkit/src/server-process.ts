import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own. Whoever starts it ends it. */
export interface ServerProcess extends AsyncDisposable {
  /** What it printed as its first line, in JSON: where it is reached, and whatever else its users need. */
  readonly address: unknown
  stop(): Promise<void>
}

/**
 * Starts a Node script that prints one line of JSON when it serves.
 *
 * @throws Error when it ends before that.
 * @example await using server = await startServerProcess(new URL('serve.ts', import.meta.url))
 */
export async function startServerProcess(script: string | URL, args: readonly string[] = []): Promise<ServerProcess> {
  const path = typeof script === 'string' && !script.startsWith('file:') ? script : fileURLToPath(script)
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  const first: readonly unknown[] = await Promise.race([once(createInterface(child.stdout), 'line'), ended])
  if (typeof first[0] !== 'string') throw new Error(`The server '${path}' ended before it served`)
  return { address: JSON.parse(first[0]), stop, [Symbol.asyncDispose]: stop }
}
