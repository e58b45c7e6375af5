import { setTimeout as sleep } from 'node:timers/promises'
import type { KvStore } from '@holdfast/kv-persistence'
import type { Job, JobResult, Source } from './job.js'
import { isFatal, isLeaseLost, isRefused } from './kinds-of-errors.js'
import { Slots } from './slots.js'
import type { RunStatistics } from './statistics.js'

export interface RunnerOptions {
  readonly store: Pick<KvStore, 'now'>
  readonly sources: readonly Source[]
  readonly statistics: RunStatistics
  readonly concurrency: number
  /** Requests to begin at most. */
  readonly limit: number
  /** Attempts that are due later than so many seconds from now are left to a later run. */
  readonly maxWaitSeconds: number
  /** Begin nothing new; finish what is under way. */
  readonly drain: AbortSignal
  /** End what is under way, and give it back. */
  readonly stop: AbortSignal
  readonly onEvent: (event: RunEvent) => void
}

export type RunEvent =
  | { readonly type: 'stored'; readonly source: Source; readonly job: Job; readonly result: JobResult }
  | {
      readonly type: 'failed'
      readonly source: Source
      readonly job: Job
      readonly error: unknown
      /** Epoch milliseconds of the store's clock; `null`: given up. */
      readonly nextAttemptAtMs: number | null
    }
  | { readonly type: 'source-failed'; readonly source: Source; readonly error: unknown }

export interface RunEnd {
  /** `finished`: nothing waits and nothing is out, now. */
  readonly reason: 'finished' | 'limit' | 'waiting' | 'drained' | 'stopped' | 'failed'
  /** Locators that could not go on, such as by a listing that failed. */
  readonly failedSources: readonly { readonly source: Source; readonly error: unknown }[]
}

/** A pause only where a store says that work is due, and gives none: another process was faster. */
const EMPTY_PAUSE_MS = 20

/** New requests put into line by one commit, for each place; a few commits less, and little that waits when a run ends early. */
const AHEAD_PER_PLACE = 4

/** Takes requests from all locators, does so many at a time, and ends when nothing is left to do. Nothing waits for a time to pass but retries. */
export class Runner {
  readonly #options: RunnerOptions
  readonly #slots: Slots
  readonly #failedSources: { source: Source; error: unknown }[] = []
  readonly #over = new AbortController()
  #fatal: { readonly error: unknown } | undefined
  #begun = 0
  #leftForLater = false

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#slots = new Slots(options.concurrency)
  }

  /** @throws what makes every request fail, such as a store or a disk that cannot be used; what was under way is given back or comes back by itself */
  async run(): Promise<RunEnd> {
    const { drain, stop, sources } = this.#options
    await Promise.all(sources.map((source) => this.#pump(source)))
    if (this.#fatal !== undefined) throw this.#fatal.error
    const failedSources = this.#failedSources
    if (stop.aborted) return { reason: 'stopped', failedSources }
    if (drain.aborted) return { reason: 'drained', failedSources }
    if (this.#isAtLimit) return { reason: 'limit', failedSources }
    if (failedSources.length > 0) return { reason: 'failed', failedSources }
    return { reason: this.#leftForLater ? 'waiting' : 'finished', failedSources }
  }

  get #isAtLimit(): boolean {
    return this.#begun >= this.#options.limit
  }

  get #isEnding(): boolean {
    const { drain, stop } = this.#options
    return drain.aborted || stop.aborted || this.#over.signal.aborted || this.#isAtLimit
  }

  async #pump(source: Source): Promise<void> {
    const active = new Set<Promise<void>>()
    try {
      await this.#takeAll(source, active)
    } catch (error) {
      if (!this.#endsTheWait(error)) this.#sourceFailed(source, error)
    }
    await Promise.all(active)
  }

  async #takeAll(source: Source, active: Set<Promise<void>>): Promise<void> {
    const { drain, stop, sources, concurrency } = this.#options
    const ending = AbortSignal.any([drain, stop, this.#over.signal])
    // With several locators, one that is slow to say what it has must not hold all places.
    const most = sources.length === 1 ? concurrency : 1
    while (!this.#isEnding && !this.#hasFailed(source)) {
      // Each place may have one more request that only waits for its acknowledgement.
      if (active.size >= 2 * concurrency) {
        await Promise.race(active)
        continue
      }
      const places = await this.#slots.take(Math.min(most, 2 * concurrency - active.size), ending)
      const jobs = await this.#next(source, places, ending)
      for (const job of jobs) {
        const place = this.#slots.lend()
        const work = this.#do(source, job, () => place.giveBack()).finally(() => {
          active.delete(work)
          place.giveBack()
        })
        active.add(work)
      }
      if (jobs.length > 0) continue
      if (this.#isEnding || (await this.#isFinished(source, active.size))) return
      await this.#wait(source, active, ending)
    }
  }

  async #next(source: Source, places: number, ending: AbortSignal): Promise<Job[]> {
    let used = 0
    try {
      const wanted = Math.min(places, this.#options.limit - this.#begun)
      if (wanted < 1 || ending.aborted) return []
      this.#begun += wanted
      const left = this.#options.limit - this.#begun
      const jobs = await source
        .next(wanted, Math.min(left, AHEAD_PER_PLACE * this.#options.concurrency))
        .catch((error: unknown) => {
          this.#begun -= wanted
          throw error
        })
      this.#begun -= wanted - jobs.length
      if (ending.aborted) {
        await Promise.all(jobs.map((job) => job.giveBack().catch(ignoreLostLease)))
        return []
      }
      used = jobs.length
      return jobs
    } finally {
      this.#slots.give(places - used)
    }
  }

  async #isFinished(source: Source, activeCount: number): Promise<boolean> {
    if (activeCount > 0) return false
    const { finished, nextDueAtMs } = await source.progress()
    if (finished) return true
    const waitMs = (nextDueAtMs ?? 0) - (await this.#options.store.now())
    if (waitMs <= this.#options.maxWaitSeconds * 1000) return false
    this.#leftForLater = true
    return true
  }

  async #wait(source: Source, active: ReadonlySet<Promise<void>>, ending: AbortSignal): Promise<void> {
    const over = new AbortController()
    const signal = AbortSignal.any([ending, over.signal])
    const startedMs = performance.now()
    try {
      const work = source.waitForWork(signal)
      work.catch(() => undefined)
      await Promise.race([work, ...active])
      if (performance.now() - startedMs < 1) await sleep(EMPTY_PAUSE_MS, undefined, { signal })
    } finally {
      over.abort()
    }
  }

  async #do(source: Source, job: Job, onStored: () => void): Promise<void> {
    const { statistics, drain, stop, onEvent } = this.#options
    const startedMs = performance.now()
    statistics.add('requests')
    let result: JobResult
    try {
      result = await job.run({ stop: AbortSignal.any([stop, this.#over.signal]), drain, onStored })
    } catch (error) {
      await this.#settle(source, job, error).catch((problem: unknown) => this.#fail(problem))
      return
    }
    this.#count(source, result, (performance.now() - startedMs) / 1000)
    try {
      onEvent({ type: 'stored', source, job, result })
    } catch (problem) {
      this.#fail(problem)
    }
  }

  /** Every failure is told to the locator, or the request is given back. */
  async #settle(source: Source, job: Job, error: unknown): Promise<void> {
    const { statistics, onEvent } = this.#options
    if (isLeaseLost(error)) return statistics.add('leasesLost')
    if (this.#endsTheWait(error)) return job.giveBack().catch(ignoreLostLease)
    if (isFatal(error)) {
      this.#fail(error)
      return job.giveBack().catch(() => undefined)
    }
    if (isRefused(error)) {
      this.#sourceFailed(source, error)
      return job.giveBack().catch(ignoreLostLease)
    }
    try {
      const { nextAttemptAtMs } = await job.failed(error)
      statistics.add('failures')
      if (nextAttemptAtMs === null) statistics.add('givenUp')
      onEvent({ type: 'failed', source, job, error, nextAttemptAtMs })
    } catch (problem) {
      if (!isLeaseLost(problem)) throw problem
      statistics.add('leasesLost')
    }
  }

  #count(source: Source, { outcome, items, bytes, fetchSeconds, storeSeconds }: JobResult, seconds: number): void {
    const { statistics } = this.#options
    if (outcome === 'empty' || outcome === 'unchanged') statistics.add(outcome)
    else statistics.add('pages')
    if (outcome === 'stored') {
      statistics.add('bundles')
      statistics.time(`${source.kind}_store`, storeSeconds)
    }
    statistics.add('items', items)
    statistics.add('bytes', bytes)
    statistics.time(`${source.kind}_fetch`, fetchSeconds)
    statistics.time('request', seconds)
  }

  #endsTheWait(error: unknown): boolean {
    const { drain, stop } = this.#options
    return [drain, stop, this.#over.signal].some((signal) => signal.aborted && isAbortBy(error, signal))
  }

  #hasFailed(source: Source): boolean {
    return this.#failedSources.some((each) => each.source === source)
  }

  #sourceFailed(source: Source, error: unknown): void {
    if (isFatal(error)) {
      this.#fail(error)
      return
    }
    if (this.#hasFailed(source)) return
    this.#failedSources.push({ source, error })
    this.#options.onEvent({ type: 'source-failed', source, error })
  }

  #fail(error: unknown): void {
    this.#fatal ??= { error }
    this.#over.abort(error)
  }
}

function isAbortBy(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true
  return (
    error instanceof Error &&
    (error.name === 'AbortError' || (error.cause !== undefined && isAbortBy(error.cause, signal)))
  )
}

function ignoreLostLease(error: unknown): void {
  if (!isLeaseLost(error)) throw error
}
