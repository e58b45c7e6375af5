import type { KvStoreOptions } from '@holdfast/kv-persistence'
import { type Child, startChild } from '@holdfast/testkit'

const SCRIPT = new URL('fixtures/worker.mjs', import.meta.url)

/** A process that does one kind of work on a store, see fixtures/worker.mjs. */
export function startWorker(kind: string, id: string, options: KvStoreOptions, amount = 0): Child {
  return startChild(SCRIPT, { args: [kind, id, JSON.stringify(options), String(amount)], deadlineMs: 60_000 })
}

/** Starts all, waits until all are ready and then until all have finished without an error. */
export async function runWorkers(
  kind: string,
  count: number,
  options: KvStoreOptions,
  amount: number,
): Promise<Child[]> {
  const workers = Array.from({ length: count }, (_, index) => startWorker(kind, `w${index}`, options, amount))
  await Promise.all(workers.map((worker) => worker.ready()))
  await Promise.all(workers.map((worker) => worker.waitFor('finished')))
  const exits = await Promise.all(workers.map((worker) => worker.exited))
  if (exits.some(({ code }) => code !== 0)) throw new Error(workers.map((worker) => worker.stderr()).join('\n'))
  return workers
}
