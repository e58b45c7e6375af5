import { readFileSync } from 'node:fs'

/** Where a store takes time from; replaced in tests. */
export interface ClockDeps {
  /** Wall clock, epoch milliseconds. */
  readonly wallMs: () => number
  /** A clock that never steps and is the same for all processes since the machine was started, in milliseconds. */
  readonly monotonicMs: () => number
  /** What tells this start of the machine from others; `undefined` if unknown. */
  readonly bootId: () => string | undefined
}

export function resolveClock(deps: Partial<ClockDeps>): ClockDeps {
  return {
    wallMs: deps.wallMs ?? Date.now,
    monotonicMs: deps.monotonicMs ?? sinceStartOfMachine,
    bootId: deps.bootId ?? linuxBootId,
  }
}

function sinceStartOfMachine(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

function linuxBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}
