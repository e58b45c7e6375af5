import type { Lease } from '@holdfast/kv-persistence'

/** One thing to fetch. It is kept in the store, so it is plain data and holds no credentials. */
export interface WorkRequest {
  /** Stable: the same thing has the same id in every process and every run. At most one request of an id waits at a time. */
  readonly id: string
  /** What people know it by: a URL, a remote path. */
  readonly name: string
}

/** A request that is ours until `expiresAtMs`. */
export interface LeasedRequest<R extends WorkRequest = WorkRequest> {
  readonly request: R
  /** 1 for the first; leases that ran out count. */
  readonly attempt: number
  /** On the store's clock. */
  readonly expiresAtMs: number
  /** What the queue knows it by. */
  readonly lease: Lease<R>
}

/** What a failure led to. */
export interface FailureOutcome {
  /** Failures of this request so far. */
  readonly failures: number
  /** When it is tried again, epoch milliseconds of the store's clock; `null`: given up, and kept as a failure. */
  readonly nextAttemptAtMs: number | null
  /** Trying again would only fail again. */
  readonly permanent: boolean
}

/** A request that was given up. */
export interface Failure<R extends WorkRequest = WorkRequest> {
  /** That of the request; when what it was is lost, the number that the queue knows it by. */
  readonly id: string
  /** `undefined`: its record in the store is gone or cannot be read, `errorCode` is `ERR_REQUEST_LOST`, and `hint` has the fix. */
  readonly request: R | undefined
  readonly error: string
  /** What to do, where it is not obvious. */
  readonly hint?: string
  /** Of the last error, if it had one. */
  readonly errorCode: string | null
  readonly failures: number
  /** ISO-8601 UTC, of the last failure. */
  readonly failedAt: string
}

export interface Progress {
  /** Nothing waits, nothing is out, and there is nothing more to ask for now. Failures may be left. */
  readonly finished: boolean
  /** When `next` may give something, epoch milliseconds of the store's clock; in the past: now. Absent when nothing waits. */
  readonly nextDueAtMs?: number
  /** Requests that were given up. */
  readonly failures: number
}

/**
 * Says what to fetch next and remembers what was fetched. Requests are lent: what is neither told of as a success nor as a failure comes back when its
 * lease runs out. Everything is in the key-value store when a promise resolves, so any number of processes may use one locator, and any may be killed.
 *
 * @example
 * for (const leased of await locator.next(10)) {
 *   try { await locator.succeeded(leased, await fetchAndStore(leased.request)) } catch (error) { await locator.failed(leased, error) }
 * }
 */
export interface Locator<R extends WorkRequest = WorkRequest, S = unknown> {
  /** The level of the store below which everything of this locator is. */
  readonly prefix: string
  /** Up to `max` requests; looks for new work first if too little waits. None: see `progress`. Errors of that look are thrown, not swallowed. */
  next(max: number): Promise<LeasedRequest<R>[]>
  /** To be called when the result is durable. The done mark, the step forward and new requests are one atomic write. @throws LeaseLostError, with nothing changed */
  succeeded(leased: LeasedRequest<R>, success: S): Promise<void>
  /** The error is kept, and the request waits for its next attempt or is given up. @throws LeaseLostError, with nothing changed */
  failed(leased: LeasedRequest<R>, error: unknown): Promise<FailureOutcome>
  /** Keeps the lease for so many seconds from now. @throws LeaseLostError */
  extend(leased: LeasedRequest<R>, seconds: number): Promise<LeasedRequest<R>>
  /** Gives it back untouched, as when the run is stopped: no failure is counted. @throws LeaseLostError */
  giveBack(leased: LeasedRequest<R>): Promise<void>
  /** What holders have that are gone for certain comes back now, not when their leases run out. How many. */
  endLeasesOf(isGone: (holder: string) => boolean | Promise<boolean>): Promise<number>
  progress(): Promise<Progress>
  /** Resolves when `next` may have something, or all is finished; also looks every few seconds for what other processes did. */
  waitForWork(options?: { readonly signal?: AbortSignal }): Promise<void>
  /** What was given up, oldest first. */
  failures(): AsyncIterableIterator<Failure<R>>
  /** Gives what was given up its attempts again: all, or the one with this id or name. How many. A request that is lost stays a failure where nothing brings it back. */
  retry(idOrName?: string): Promise<number>
  /** Forgets everything: what is done, what waits, what failed. Not to be called while anybody fetches. */
  reset(): Promise<void>
}
