import { join } from 'node:path'
import type { ClockDeps, CommonStoreOptions } from '@holdfast/kv-persistence'
import { createKvStore } from '@holdfast/kv-persistence'
import type { KvTestStore } from '@holdfast/kv-persistence/conformance'

/** A clock that moves only when it is told to. */
export class FakeClock implements ClockDeps {
  #wall = 1_763_700_000_000
  #monotonic = 5_000
  boot = 'boot-1'

  readonly wallMs = (): number => this.#wall
  readonly monotonicMs = (): number => this.#monotonic
  readonly bootId = (): string => this.boot

  elapse(ms: number): void {
    this.#wall += ms
    this.#monotonic += ms
  }

  /** Somebody sets the wall clock. */
  step(ms: number): void {
    this.#wall += ms
  }

  restartMachine(offMs: number): void {
    this.boot += '+'
    this.#wall += offMs
    this.#monotonic = 1_000
  }
}

export async function memoryTestStore(): Promise<KvTestStore> {
  const clock = new FakeClock()
  return {
    open: (options: CommonStoreOptions = {}) => createKvStore({ type: 'memory', ...options }, clock),
    shortTtlMs: 60,
    elapse: async (ms) => clock.elapse(ms),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

export async function sqliteTestStore(folder: string): Promise<KvTestStore> {
  const clock = new FakeClock()
  return {
    open: (options: CommonStoreOptions = {}) =>
      createKvStore({ type: 'sqlite', path: join(folder, 'kv.sqlite'), ...options }, clock),
    shortTtlMs: 60,
    elapse: async (ms) => clock.elapse(ms),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** On a server, time cannot be faked. */
export async function redisTestStore(where: {
  readonly port: number
  readonly keyPrefix: string
}): Promise<KvTestStore> {
  return {
    open: (options: CommonStoreOptions = {}) =>
      createKvStore({ type: 'redis', host: '127.0.0.1', timeoutMs: 5000, ...where, ...options }),
    shortTtlMs: 1500,
    elapse: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    [Symbol.asyncDispose]: async () => undefined,
  }
}
