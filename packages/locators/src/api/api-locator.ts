import type { KvOperation } from '@holdfast/kv-persistence'
import { LocatorCore, type LocatorStep } from '../core/locator-core.js'
import type { LocatorOptions } from '../core/locator-options.js'
import type { Failure, FailureOutcome, LeasedRequest, Locator, Progress } from '../locator.js'
import { type ApiRequest, makeApiRequest, type RequestPlace, type RequestSpec } from './api-request.js'
import {
  afterPlanning,
  DateWalk,
  NEW_WALK,
  type PlannedWindow,
  type WalkState,
  type WindowOptions,
} from './date-walk.js'
import type { DateWindow } from './day-ranges.js'
import { checkNarrowing, type NarrowingOptions, narrower } from './narrowing.js'
import type { Paging } from './paging.js'
import { needsFacts, type PageFacts, type ReceivedPage, readPage, startOf } from './read-page.js'
import { SingleRequests } from './single-requests.js'
import { makeValidators, type Validators } from './validators.js'

export interface ApiLocatorOptions extends LocatorOptions {
  /** What the walk is known by in the store; a walk with another name starts anew. @default 'walk' */
  readonly name?: string | undefined
  /** Walk over days; needs `request`. */
  readonly windows?: WindowOptions | undefined
  /** The first request of a window; `narrowing` is a prefix, empty at first. */
  readonly request?: ((window: DateWindow, narrowing: string) => RequestSpec) | undefined
  /** @default none: one answer is all there is */
  readonly paging?: Paging | undefined
  readonly narrowing?: NarrowingOptions | undefined
  /** Single requests, each with its own pages if there is `paging`. */
  readonly requests?: readonly (string | RequestSpec)[] | undefined
  /** Whether single requests that are done are fetched again in a later run. @default false */
  readonly repeatRequests?: boolean | undefined
  /** Remember ETag and Last-Modified, and hand them out with the next request of the same id. @default false */
  readonly conditional?: boolean | undefined
}

export interface ApiLeasedRequest extends LeasedRequest<ApiRequest> {
  /** For `If-None-Match` and `If-Modified-Since`. */
  readonly validators?: Validators | undefined
}

export interface ApiSuccess {
  /** Plain data kept with the done mark, such as the id of what was stored. */
  readonly result?: unknown
  /** From `readPage`; needed wherever there is `paging` or `narrowing`. */
  readonly page?: PageFacts | undefined
  /** Those of the answer; needed for `conditional`. */
  readonly headers?: ReceivedPage['headers'] | undefined
}

export interface ApiLocatorDeps {
  /** The wall clock that says which day it is, epoch milliseconds. */
  readonly wallMs?: () => number
}

/** Later pages first, so that a window is finished before the next is begun. */
const FOLLOW_UP_PRIORITY = 1

/** Walks an HTTP API: days as windows, pages of a window, single requests. */
export class ApiLocator implements Locator<ApiRequest, ApiSuccess> {
  readonly prefix: string
  readonly #options: ApiLocatorOptions
  readonly #core: LocatorCore<ApiRequest>
  readonly #walk: DateWalk | undefined
  readonly #singles: SingleRequests
  readonly #wallMs: () => number
  /** When this run began, on the store's clock. */
  #runMs: Promise<number> | undefined
  #planning: Promise<unknown> = Promise.resolve()

  constructor(options: ApiLocatorOptions, deps: ApiLocatorDeps = {}) {
    const { windows, request, narrowing } = options
    if ((windows === undefined) !== (request === undefined))
      throw new TypeError('Windows need `request`, and it needs them')
    if (narrowing !== undefined) checkNarrowing(narrowing)
    this.prefix = options.prefix
    this.#options = options
    this.#core = new LocatorCore<ApiRequest>(options, 'processed_urls')
    this.#walk = windows === undefined ? undefined : new DateWalk(windows)
    this.#wallMs = deps.wallMs ?? Date.now
    const singles = (options.requests ?? []).map((spec) =>
      this.#firstPage(typeof spec === 'string' ? { url: spec } : spec, {}),
    )
    this.#singles = new SingleRequests(this.#core, singles, options.repeatRequests ?? false)
  }

  /** With `ahead`, so many more new requests are put into the queue by the same commit when there are not enough. @default 0 */
  async next(max: number, { ahead = 0 }: { readonly ahead?: number } = {}): Promise<ApiLeasedRequest[]> {
    const leases = await this.#core.lease(max)
    while (leases.length < max && (await this.#plan(max - leases.length + ahead)) > 0) {
      leases.push(...(await this.#core.lease(max - leases.length)))
    }
    return this.#options.conditional === true ? this.#withValidators(leases) : leases
  }

  /** What the answer says about the walk, to be given to `succeeded`. @throws PageFormatError, PagingLoopError, NarrowingError: the request has failed */
  readPage(leased: ApiLeasedRequest, page: ReceivedPage): PageFacts {
    if (page.status === 304 && leased.validators !== undefined) return leased.validators.page
    return readPage(this.#options, leased.request, page)
  }

  async succeeded(leased: ApiLeasedRequest, success: ApiSuccess = {}): Promise<void> {
    const { page, result } = success
    if (page === undefined && needsFacts(this.#options, leased.request)) {
      throw new TypeError('A page of a walk is done with its `page`, from readPage')
    }
    await this.#core.succeeded(leased, result, () => this.#step(leased, success))
  }

  failed(leased: ApiLeasedRequest, error: unknown): Promise<FailureOutcome> {
    return this.#core.failed(leased, error)
  }

  async extend(leased: ApiLeasedRequest, seconds: number): Promise<ApiLeasedRequest> {
    return { ...leased, ...(await this.#core.extend(leased, seconds)) }
  }

  giveBack(leased: ApiLeasedRequest): Promise<void> {
    return this.#core.giveBack(leased)
  }

  endLeasesOf(isGone: (holder: string) => boolean | Promise<boolean>): Promise<number> {
    return this.#core.endLeasesOf(isGone)
  }

  async progress(): Promise<Progress> {
    return this.#core.progress(await this.#moreAtMs())
  }

  async waitForWork({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#core.waitForWork(signal, await this.#moreAtMs())
  }

  failures(): AsyncIterableIterator<Failure<ApiRequest>> {
    return this.#core.failures('Reset the locator: it then fetches everything again')
  }

  retry(idOrName?: string): Promise<number> {
    return this.#core.retry(idOrName, { forgetsLost: false })
  }

  /** Fetches what is done once more, by itself: the pages after it are left alone. How many requests have this id or URL. */
  refresh(idOrUrl: string): Promise<number> {
    return this.#core.refresh(idOrUrl, (request) => ({ ...request, isAlone: true }))
  }

  async reset(): Promise<void> {
    await this.#core.reset()
    this.#runMs = undefined
    this.#singles.startOver()
  }

  /** Puts new work into the queue; 0 when there is none. */
  #plan(count: number): Promise<number> {
    const turn = this.#planning.then(() => this.#planNow(count))
    this.#planning = turn.catch(() => undefined)
    return turn
  }

  async #planNow(count: number): Promise<number> {
    const runMs = await this.#startOfRun()
    return (await this.#singles.plan(count, runMs)) || (await this.#planWindows(count, runMs))
  }

  async #planWindows(count: number, runMs: number): Promise<number> {
    if (this.#walk === undefined) return 0
    const store = await this.#core.store()
    for (;;) {
      const { state, version } = await this.#readState()
      const windows = this.#walk.next(state, count, this.#wallMs(), runMs)
      if (windows.length === 0) return 0
      const next = afterPlanning(state, windows, await store.now())
      const planned = await this.#core.add({
        add: windows.map((window) => ({ request: this.#requestFor(window) })),
        operations: [
          { type: 'put', key: this.#stateKey, value: { ...next, lastUpdated: new Date().toISOString() }, ttlMs: null },
        ],
        checks: [{ key: this.#stateKey, version }],
      })
      if (planned !== undefined) return windows.length
    }
  }

  async #moreAtMs(): Promise<number | undefined> {
    const [runMs, nowMs] = [await this.#startOfRun(), await (await this.#core.store()).now()]
    if (this.#singles.hasMore) return nowMs
    if (this.#walk === undefined) return undefined
    const { state } = await this.#readState()
    return this.#walk.next(state, 1, this.#wallMs(), runMs).length > 0 ? nowMs : undefined
  }

  #startOfRun(): Promise<number> {
    this.#runMs ??= this.#core.store().then((store) => store.now())
    return this.#runMs
  }

  get #stateKey(): readonly string[] {
    return this.#core.keys.state(this.#options.name ?? 'walk')
  }

  async #readState(): Promise<{ readonly state: WalkState; readonly version: number | null }> {
    const entry = await (await this.#core.store()).getEntry<WalkState>(this.#stateKey)
    return { state: entry?.value ?? NEW_WALK, version: entry?.version ?? null }
  }

  #requestFor({ window, isOpen }: PlannedWindow): ApiRequest {
    return this.#windowRequest({ window, ...(isOpen ? { isOpen: true } : {}) }, '')
  }

  #windowRequest(place: RequestPlace, narrowing: string): ApiRequest {
    const { request } = this.#options
    const { window } = place
    if (request === undefined || window === undefined) throw new Error('A window without `request`')
    return this.#firstPage(request(window, narrowing), { ...place, narrowing })
  }

  #firstPage(spec: RequestSpec, place: RequestPlace): ApiRequest {
    const { paging } = this.#options
    const first = paging?.first(new URL(spec.url)) ?? { url: spec.url, token: '' }
    return makeApiRequest({ ...spec, url: first.url }, { ...place, page: startOf(first.token) })
  }

  #step({ request }: ApiLeasedRequest, { page, headers }: ApiSuccess): LocatorStep<ApiRequest> {
    const operations: KvOperation[] = []
    if (this.#options.conditional === true && page !== undefined && headers !== undefined) {
      const validators = makeValidators(headers, page)
      if (validators !== undefined) {
        operations.push({ type: 'put', key: this.#core.keys.validators(request), value: validators, ttlMs: null })
      }
    }
    const follow = page === undefined || request.isAlone === true ? [] : this.#followUps(request, page)
    return { operations, add: follow.map((each) => ({ request: each, priority: FOLLOW_UP_PRIORITY })) }
  }

  #followUps(request: ApiRequest, { isNarrowed, next }: PageFacts): ApiRequest[] {
    const { narrowing } = this.#options
    const { window, isOpen } = request
    const place: RequestPlace = {
      ...(window === undefined ? {} : { window }),
      ...(isOpen === undefined ? {} : { isOpen }),
      ...(request.narrowing === undefined ? {} : { narrowing: request.narrowing }),
    }
    if (isNarrowed && narrowing !== undefined && window !== undefined) {
      return narrower(narrowing, request.narrowing ?? '').map((prefix) => this.#windowRequest(place, prefix))
    }
    return next === null ? [] : [makeApiRequest({ ...request, url: next.url }, { ...place, page: next.position })]
  }

  async #withValidators(leases: readonly LeasedRequest<ApiRequest>[]): Promise<ApiLeasedRequest[]> {
    if (leases.length === 0) return []
    const store = await this.#core.store()
    const entries = await store.getMany<Validators>(leases.map(({ request }) => this.#core.keys.validators(request)))
    return leases.map((leased, index) => ({ ...leased, validators: entries[index]?.value }))
  }
}

/**
 * @example
 * const locator = createApiLocator({
 *   prefix: 'fr_siren_provider',
 *   windows: { start: '2025-01-01' },
 *   request: ({ from }) => ({ url: `https://a.example/siren?q=dateCreation:${from}&nombre=1000` }),
 *   paging: cursorPaging({ parameter: 'curseur', first: '*', next: '$.header.curseurSuivant' }),
 * })
 */
export function createApiLocator(options: ApiLocatorOptions, deps: ApiLocatorDeps = {}): ApiLocator {
  return new ApiLocator(options, deps)
}
