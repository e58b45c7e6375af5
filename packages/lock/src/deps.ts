import { hostname } from 'node:os'
import { basename } from 'node:path'

import type { Native } from './native.js'

/** What a lock needs of the world besides the file; replaced in tests. */
export interface LockDeps {
  /** Wall clock, whole microseconds since the epoch. */
  readonly nowMicros: () => number
  /** A clock that never steps, in milliseconds. */
  readonly monotonicMs: () => number
  /** Resolve after `ms`, which may be less than 1; reject with the signal's reason when it aborts. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  /** In `[0, 1)`. */
  readonly random: () => number
  readonly pid: number
  readonly host: string
  readonly command: string
}

export function resolveDeps(deps: Partial<LockDeps>, native: Native): LockDeps {
  return {
    nowMicros: deps.nowMicros ?? native.realtimeMicros,
    monotonicMs: deps.monotonicMs ?? monotonicMs,
    sleep: deps.sleep ?? sleep,
    random: deps.random ?? Math.random,
    pid: deps.pid ?? process.pid,
    host: deps.host ?? hostname(),
    command: deps.command ?? commandLine(),
  }
}

function monotonicMs(): number {
  return performance.now()
}

function commandLine(): string {
  const [program = '', script, ...args] = process.argv
  return [basename(program), ...(script === undefined ? [] : [basename(script)]), ...args].join(' ')
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return ms < LONGEST_NAP_MS ? nap(ms, signal) : doze(ms, signal)
}

const LONGEST_NAP_MS = 0.5

/** No timer of Node is that short. The thread itself sleeps, which delays other work by no more than that and, unlike turning the loop until then, leaves the processor to others. */
async function nap(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  signal?.throwIfAborted()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function doze(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
