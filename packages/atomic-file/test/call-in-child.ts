import { startChild } from '@holdfast/testkit'

export interface Job {
  readonly call: string
  readonly args: readonly unknown[]
  readonly umask?: number
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
  readonly groups?: readonly number[]
}

export interface Outcome {
  readonly type?: string
  readonly value?: unknown
  readonly code?: string
  readonly name?: string
  readonly message?: string
  readonly hint?: string
}

export const CALL: URL = new URL('fixtures/call.mjs', import.meta.url)
export const IS_ROOT: boolean = process.getuid?.() === 0
export const NOBODY = { uid: 65534, gid: 65534 } as const

/** Calls a function of the package in a process of its own, which may have another user, umask or folder. */
export async function callInChild(job: Job): Promise<Outcome> {
  const child = startChild(CALL, { args: [JSON.stringify(job)] })
  const result: Outcome = await child.waitFor('result')
  await child.exited
  return result
}
