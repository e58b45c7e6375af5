import { expect, test } from 'vitest'
import type { Job, Source } from '../../src/run/job.js'
import { Runner, type RunnerOptions } from '../../src/run/runner.js'
import type { RunStatistics } from '../../src/run/statistics.js'

const NOTHING = { items: 0, bytes: 0, bundle: null, fetchSeconds: 0, storeSeconds: 0, outcome: 'stored' } as const
const statistics = { add: () => undefined, time: () => undefined } as unknown as RunStatistics

function optionsFor(sources: readonly Source[], drain: AbortSignal): RunnerOptions {
  return {
    store: { now: async () => Date.now() },
    sources,
    statistics,
    concurrency: 2,
    limit: Number.POSITIVE_INFINITY,
    maxWaitSeconds: 1,
    drain,
    stop: new AbortController().signal,
    onEvent: () => undefined,
  }
}

function sourceOf(next: Source['next']): Source {
  return {
    prefix: 'p',
    kind: 'api',
    next,
    endLeasesOf: async () => 0,
    progress: async () => ({ finished: true, failures: 0 }),
    waitForWork: async () => undefined,
    close: async () => undefined,
  }
}

function jobOf(id: string, happened: string[], run: Job['run']): Job {
  return {
    id,
    name: id,
    attempt: 1,
    run: (signals) => {
      happened.push(`run ${id}`)
      return run(signals)
    },
    failed: async () => {
      happened.push(`failed ${id}`)
      return { failures: 1, nextAttemptAtMs: null, permanent: true }
    },
    giveBack: async () => {
      happened.push(`back ${id}`)
    },
  }
}

test('what is leased while the run begins to drain is given back, not begun', async () => {
  const drain = new AbortController()
  const happened: string[] = []
  const source = sourceOf(async () => {
    drain.abort(new Error('SIGINT'))
    return [jobOf('a', happened, async () => NOTHING)]
  })
  expect((await new Runner(optionsFor([source], drain.signal)).run()).reason).toBe('drained')
  expect(happened).toEqual(['back a'])
})

test('nothing is leased after a drain that began while acknowledgements were waited for', async () => {
  const drain = new AbortController()
  const happened: string[] = []
  const acknowledged = Promise.withResolvers<void>()
  let asked = 0
  const source = sourceOf(async (max) => {
    asked += 1
    return Array.from({ length: max }, (_, n) =>
      jobOf(`${asked}.${n}`, happened, async ({ onStored }) => {
        onStored()
        // The fourth fills the last of the places that only wait for their acknowledgement.
        if (happened.length === 4) setTimeout(() => drain.abort(new Error('SIGINT')))
        drain.signal.addEventListener('abort', () => acknowledged.resolve())
        await acknowledged.promise
        return NOTHING
      }),
    )
  })
  expect((await new Runner(optionsFor([source], drain.signal)).run()).reason).toBe('drained')
  expect(happened).toEqual(['run 1.0', 'run 1.1', 'run 2.0', 'run 2.1'])
  expect(asked).toBe(2)
})

test('an error of the listener ends the run; the request that it was told of is done all the same', async () => {
  const happened: string[] = []
  let asked = 0
  const source = sourceOf(async () => {
    asked += 1
    return asked > 1 ? [] : [jobOf('a', happened, async () => NOTHING)]
  })
  const options = optionsFor([source], new AbortController().signal)
  const problem = new Error('The listener is broken')
  const onEvent = (): void => {
    throw problem
  }
  await expect(new Runner({ ...options, onEvent }).run()).rejects.toBe(problem)
  expect(happened).toEqual(['run a'])
})
