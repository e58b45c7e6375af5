import { type Child, startChild } from '@holdfast/testkit'

import type { LockHolder, LockOptions, PreviousHolder } from '../src/index.js'

export interface AgentError extends Error {
  readonly code: string
  readonly holder?: LockHolder
}

/** Another process that takes locks on command; its errors are thrown here with their code. */
export interface Agent {
  readonly child: Child
  acquire(
    path: string,
    options?: Omit<LockOptions, 'signal'>,
  ): Promise<{ readonly token: number; readonly previous?: PreviousHolder }>
  tryAcquire(path: string, options?: Omit<LockOptions, 'signal'>): Promise<boolean>
  release(path: string): Promise<void>
  note(path: string, text: string): Promise<void>
  spawnDaemon(): Promise<number>
  /** Keep its event loop from turning. Not awaited by the process, so send and go on. */
  block(ms: number): Promise<void>
  exit(): Promise<void>
}

export async function startAgent(): Promise<Agent> {
  const child = startChild(new URL('./fixtures/agent.mjs', import.meta.url))
  await child.ready()
  let calls = 0
  const call = async <T>(type: string, args: object = {}): Promise<T> => {
    calls += 1
    const id = calls
    child.send({ type, id, ...args })
    const { value, error } = (await child.waitFor(`reply-${id}`)) as unknown as { value: T; error?: AgentError }
    if (error !== undefined) throw Object.assign(new Error(error.message), error)
    return value
  }
  return {
    child,
    acquire: (path, options) => call('acquire', { name: path, path, options }),
    tryAcquire: async (path, options) =>
      (await call<{ held: boolean }>('tryAcquire', { name: path, path, options })).held,
    release: (path) => call('release', { name: path }),
    note: (path, text) => call('note', { name: path, text }),
    spawnDaemon: async () => (await call<{ daemon: number }>('spawnDaemon')).daemon,
    block: (ms) => call('block', { ms }),
    exit: () => call('exit'),
  }
}
