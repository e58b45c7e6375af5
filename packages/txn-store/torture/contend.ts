import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TxnStore } from '@holdfast/txn-store'

export interface ContentionReport {
  /** Commits of each process. */
  readonly perProcess: readonly number[]
  /** The longest wait for one commit, in milliseconds. */
  readonly longestMs: number
  readonly count: number
  readonly violations: readonly string[]
}

const INCREMENT = fileURLToPath(new URL('../test/fixtures/increment.mjs', import.meta.url))

interface Done {
  readonly acknowledged: number
  readonly longestMs: number
}

/** Processes that add one to the same counter in tight loops for so long: none is lost, nobody starves. */
export async function contend(
  folder: string,
  processes: number,
  forMs: number,
  options: object,
): Promise<ContentionReport> {
  const path = join(folder, 'pipeline.json')
  const args = [path, JSON.stringify(options), 'Infinity', String(forMs)]
  const children = Array.from({ length: processes }, () => fork(INCREMENT, args))
  const dones = await (async () => {
    await Promise.all(children.map(message))
    const reports = Promise.all(children.map(message))
    for (const child of children) child.send({ type: 'go' })
    return reports as Promise<Done[]>
  })().finally(() => {
    for (const child of children) if (!child.connected) child.kill('SIGKILL')
  })
  await using store = new TxnStore<{ count: number }>(path)
  const { count } = await store.read()
  const { problems } = await store.verifyHistory()
  const perProcess = dones.map(({ acknowledged }) => acknowledged)
  const total = perProcess.reduce((sum, commits) => sum + commits, 0)
  const violations = problems.map(({ message: text }) => `history: ${text}`)
  if (count !== total) violations.push(`${total} commits were acknowledged, the counter is ${count}`)
  for (const commits of perProcess) {
    if (commits < 0.15 * total) violations.push(`a process had only ${commits} of ${total} commits`)
  }
  return { perProcess, longestMs: Math.max(...dones.map(({ longestMs }) => longestMs)), count, violations }
}

/** The next message; an end without one is an error. */
async function message(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`A process ended with exit code ${code} before it reported`)
  })
  try {
    const [first] = await Promise.race([once(child, 'message'), exit])
    return first
  } finally {
    ended.abort()
    exit.catch(() => undefined)
  }
}
