import {
  type ApiLeasedRequest,
  type ApiLocator,
  type ApiRequest,
  conditionalHeaders,
  type HttpClient,
  type HttpResponse,
  keepLease,
  type PageFacts,
} from '@holdfast/locators'
import type { ApiContent } from '../config/schema.js'
import { countAt } from './count-at.js'
import type { HiddenErrors } from './hidden-errors.js'
import type { DrainSwitch } from './http-parts.js'
import type { JobResult, JobSignals } from './job.js'
import { LocatorSource } from './locator-source.js'
import type { ResultFacts, ResultStorage, StoredResult } from './result-storage.js'

export interface ApiSourceParts {
  readonly content: ApiContent
  readonly locator: ApiLocator
  readonly client: HttpClient
  readonly storage: ResultStorage
  readonly leaseSeconds: number
  readonly hidden: HiddenErrors
  readonly drain: DrainSwitch
  /** Of the clients besides `client`, such as the one that asks for tokens. */
  readonly close: () => Promise<void>
}

/** Pages of an HTTP API. A page whose text decides how the walk goes on is in memory once, other answers are streams. */
export class ApiSource extends LocatorSource<ApiRequest, ApiLeasedRequest> {
  override readonly kind = 'api'
  readonly #parts: ApiSourceParts

  constructor(parts: ApiSourceParts) {
    super(parts.locator, parts.hidden)
    this.#parts = parts
  }

  override async close(): Promise<void> {
    await this.#parts.client.close()
    await this.#parts.close()
  }

  protected override async runRequest(
    leased: ApiLeasedRequest,
    { stop, drain, onStored }: JobSignals,
  ): Promise<JobResult> {
    const { locator, leaseSeconds } = this.#parts
    this.#parts.drain.follow(drain)
    const { page, headers, ...result } = await keepLease(locator, leased, leaseSeconds, stop, (signal) =>
      this.#fetch(leased, signal),
    )
    onStored()
    const { outcome, items, bytes, bundle } = result
    await locator.succeeded(leased, { result: { outcome, items, bytes, bundle }, page, headers })
    return result
  }

  async #fetch(leased: ApiLeasedRequest, signal: AbortSignal): Promise<Fetched> {
    const { locator, client, content } = this.#parts
    const { url, method, headers, body } = leased.request
    const startedMs = performance.now()
    const response = await client.request(
      { url, method, headers: { ...headers, ...conditionalHeaders(leased.validators) }, body },
      { signal },
    )
    if (response.isNotModified || response.isEmpty) {
      await response.discard()
      const page = locator.readPage(leased, { status: response.status, headers: response.headers })
      return { ...NOTHING, outcome: response.isEmpty ? 'empty' : 'unchanged', page, ...since(startedMs, response) }
    }
    const isRead = content.paging.type !== 'none' || content.narrowing !== undefined || content.items !== undefined
    return isRead
      ? this.#keepPage(leased, response, startedMs, signal)
      : this.#keepStream(leased, response, startedMs, signal)
  }

  async #keepPage(
    leased: ApiLeasedRequest,
    response: HttpResponse,
    startedMs: number,
    signal: AbortSignal,
  ): Promise<Fetched> {
    const { locator, content } = this.#parts
    const body = await response.bytes()
    const fetched = since(startedMs, response)
    const json = parseJson(body)
    const page = locator.readPage(leased, { status: response.status, headers: response.headers, body: json ?? body })
    if (page.isNarrowed) return { ...NOTHING, ...fetched, outcome: 'narrowed', bytes: body.byteLength, page }
    const items = content.items === undefined ? 0 : countAt(json, content.items)
    const storedMs = performance.now()
    const stored = await this.#store(leased, response, once(body), signal, {
      items,
      page: leased.request.page?.number ?? 1,
    })
    return {
      ...fetched,
      outcome: 'stored',
      items,
      bytes: body.byteLength,
      bundle: stored.id,
      page,
      storeSeconds: secondsSince(storedMs),
    }
  }

  async #keepStream(
    leased: ApiLeasedRequest,
    response: HttpResponse,
    startedMs: number,
    signal: AbortSignal,
  ): Promise<Fetched> {
    const page = this.#parts.locator.readPage(leased, { status: response.status, headers: response.headers })
    const stored = await this.#store(leased, response, response.stream(), signal, {})
    return {
      ...NOTHING,
      ...since(startedMs, response),
      outcome: 'stored',
      bytes: stored.bytes,
      bundle: stored.id,
      page,
    }
  }

  #store(
    { request }: ApiLeasedRequest,
    { status, headers }: HttpResponse,
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    facts: Readonly<Record<string, unknown>>,
  ): Promise<StoredResult> {
    const { content, storage } = this.#parts
    const contentType = headers['content-type']
    const details: ResultFacts['details'] = {
      ...facts,
      ...(request.window === undefined ? {} : { window: request.window }),
      ...(request.narrowing === undefined || request.narrowing === '' ? {} : { narrowing: request.narrowing }),
    }
    const { id, url } = request
    return storage.storeStream(
      {
        locator: this.prefix,
        requestId: id,
        url,
        status,
        contentType: typeof contentType === 'string' ? contentType : null,
        details,
        unpack: content.unpack,
      },
      body,
      signal,
    )
  }
}

interface Fetched extends JobResult {
  readonly page: PageFacts
  readonly headers: HttpResponse['headers']
}

const NOTHING = { items: 0, bytes: 0, bundle: null, storeSeconds: 0 } as const

function since(startedMs: number, { headers }: HttpResponse): Pick<Fetched, 'fetchSeconds' | 'headers'> {
  return { fetchSeconds: secondsSince(startedMs), headers }
}

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000
}

/** What is no JSON is told by the locator, which knows whether it has to be. */
function parseJson(body: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

async function* once(body: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield body
}
