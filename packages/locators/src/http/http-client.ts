import { Agent, type Dispatcher } from 'undici'
import { HttpConnectionError, HttpRedirectError, HttpStatusError, HttpTimeoutError } from '../errors.js'
import { noAuth } from './auth.js'
import type { HttpAuth, HttpRequest } from './http-request.js'
import { HttpResponse } from './http-response.js'
import type { RateLimit } from './rate-limit.js'
import { type Redirect, type RedirectPolicy, redirectOf } from './redirect.js'
import { parseRetryAfter } from './retry-after.js'

export interface HttpClientOptions {
  readonly auth?: HttpAuth | undefined
  /** Every request sent takes its turn, redirects and repeated ones too; a Retry-After of the server holds all of them back. */
  readonly rateLimit?: RateLimit | undefined
  /** @default 10_000 */
  readonly connectTimeoutMs?: number | undefined
  /** From sending to the head of the answer. @default 60_000 */
  readonly headersTimeoutMs?: number | undefined
  /** Between two parts of the body. @default 30_000 */
  readonly stalledTimeoutMs?: number | undefined
  /** The whole answer. @default 600_000 */
  readonly totalTimeoutMs?: number | undefined
  /** @default 1 GiB */
  readonly maxBodyBytes?: number | undefined
  /** 404 means that there is nothing, and is no error. @default false */
  readonly notFoundIsEmpty?: boolean | undefined
  /** @default 'same-host' */
  readonly redirects?: RedirectPolicy | undefined
  /** @default 'holdfast' */
  readonly userAgent?: string | undefined
  /** Connections per server. @default 16 */
  readonly connections?: number | undefined
}

export interface HttpClientDeps {
  readonly wallMs?: () => number
}

const MOST_REDIRECTS = 5
const DRAINED_BYTES = 64 * 1024

/** Sends requests and gives their answers as streams. A status that is no success is an error; credentials are in none. */
export class HttpClient implements AsyncDisposable {
  readonly #options: HttpClientOptions
  readonly #agent: Agent
  readonly #auth: HttpAuth
  readonly #wallMs: () => number

  constructor(options: HttpClientOptions, deps: HttpClientDeps) {
    this.#options = options
    this.#auth = options.auth ?? noAuth()
    this.#wallMs = deps.wallMs ?? Date.now
    this.#agent = new Agent({
      connections: options.connections ?? 16,
      connect: { timeout: options.connectTimeoutMs ?? 10_000 },
      // The deadlines are kept here, where their errors get a name.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /**
   * The answer once its head is here: 2xx, 304 if the request is conditional, 404 with `notFoundIsEmpty`.
   *
   * @throws HttpStatusError, HttpTimeoutError, HttpConnectionError, HttpRedirectError, HttpAuthError; the signal's reason
   */
  async request(request: HttpRequest, { signal }: { readonly signal?: AbortSignal } = {}): Promise<HttpResponse> {
    let current = request
    let isForeign = false
    let mayRenew = true
    for (let redirects = 0; ; ) {
      const abort = signal ?? new AbortController().signal
      const credentials = isForeign ? {} : await this.#auth.headers(abort)
      await this.#options.rateLimit?.acquire(signal)
      const response = await this.#send(current, credentials, signal)
      if (response.status === 401 && mayRenew && !isForeign && this.#auth.refused?.(credentials) === true) {
        mayRenew = false
        await response.discard()
        continue
      }
      const redirect = await this.#redirect(current, response)
      if (redirect === undefined) return this.#accept(current, response)
      redirects += 1
      if (redirects > MOST_REDIRECTS) throw new HttpRedirectError(request.url, `more than ${MOST_REDIRECTS} times`)
      isForeign ||= redirect.isForeign
      current = follow(current, redirect.url, response.status, isForeign)
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #send(
    { url, method = 'GET', headers, body }: HttpRequest,
    credentials: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<HttpResponse> {
    const { headersTimeoutMs = 60_000, totalTimeoutMs = 600_000, stalledTimeoutMs = 30_000 } = this.#options
    const over = new AbortController()
    const stop = (): void => over.abort(signal?.reason)
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
    const late = (phase: 'headers' | 'total', ms: number): NodeJS.Timeout =>
      setTimeout(() => over.abort(new HttpTimeoutError(url, phase, ms)), ms)
    // An answer that nobody reads must not keep the process alive.
    const timers = { headers: late('headers', headersTimeoutMs), total: late('total', totalTimeoutMs).unref() }
    const release = (): void => {
      clearTimeout(timers.headers)
      clearTimeout(timers.total)
      signal?.removeEventListener('abort', stop)
    }
    try {
      const data = await this.#agent.request({
        ...splitUrl(url),
        method: method as Dispatcher.HttpMethod,
        headers: mergeHeaders({ 'user-agent': this.#options.userAgent ?? 'holdfast' }, headers, credentials),
        body: body ?? null,
        signal: over.signal,
      })
      clearTimeout(timers.headers)
      // Whoever reads the body is told of its errors; one that nobody reads must not end the process.
      data.body.on('error', () => undefined)
      return new HttpResponse({
        url,
        status: data.statusCode,
        headers: data.headers,
        body: data.body,
        deadlines: {
          stalledMs: stalledTimeoutMs,
          maxBytes: this.#options.maxBodyBytes ?? 1024 ** 3,
          signal: over.signal,
          release,
        },
      })
    } catch (error) {
      release()
      throw this.#named(url, error, over.signal)
    }
  }

  #named(url: string, error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason
    if (error instanceof Error && 'code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT') {
      return new HttpTimeoutError(url, 'connect', this.#options.connectTimeoutMs ?? 10_000)
    }
    return new HttpConnectionError(url, error)
  }

  async #redirect({ url }: HttpRequest, response: HttpResponse): Promise<Redirect | undefined> {
    try {
      const redirect = redirectOf(
        url,
        response.status,
        response.headers['location'],
        this.#options.redirects ?? 'same-host',
      )
      if (redirect !== undefined) await drain(response)
      return redirect
    } catch (error) {
      await response.discard()
      throw error
    }
  }

  async #accept({ url, headers = {} }: HttpRequest, response: HttpResponse): Promise<HttpResponse> {
    const { status } = response
    if (status >= 200 && status < 300 && status !== 206) return response
    if (status === 404 && this.#options.notFoundIsEmpty === true) return response
    const names = Object.keys(headers).map((name) => name.toLowerCase())
    if (status === 304 && (names.includes('if-none-match') || names.includes('if-modified-since'))) return response
    const error = new HttpStatusError(url, status, parseRetryAfter(response.headers, this.#wallMs()))
    await drain(response)
    if (error.retryable && error.retryAfterMs !== undefined) await this.#options.rateLimit?.pause(error.retryAfterMs)
    throw error
  }
}

/**
 * @example
 * await using client = createHttpClient({ auth: headerAuth('X-Key', key), notFoundIsEmpty: true })
 * const response = await client.request({ url })
 * for await (const chunk of response.stream()) await file.write(chunk)
 */
export function createHttpClient(options: HttpClientOptions = {}, deps: HttpClientDeps = {}): HttpClient {
  return new HttpClient(options, deps)
}

/** Reads a small body to its end, so that the connection can be used again. */
async function drain(response: HttpResponse): Promise<void> {
  try {
    await response.bytes(DRAINED_BYTES)
  } catch {
    // Too large, or broken: the connection is closed, and the status counts.
  }
}

function follow(request: HttpRequest, url: string, status: number, isForeign: boolean): HttpRequest {
  const { method = 'GET', headers = {} } = request
  const becomesGet = status === 303 || ((status === 301 || status === 302) && method === 'POST')
  const kept = Object.entries(headers).filter(([name]) => !isForeign || HARMLESS_HEADERS.has(name.toLowerCase()))
  const { body: _, ...rest } = request
  return {
    ...(becomesGet ? { ...rest, method: 'GET' } : request),
    url,
    headers: Object.fromEntries(kept),
  }
}

/** Any other may hold a credential. */
const HARMLESS_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'if-modified-since',
  'if-none-match',
])

function mergeHeaders(...all: readonly (Readonly<Record<string, string>> | undefined)[]): Record<string, string> {
  const merged: Record<string, string> = {}
  for (const headers of all) {
    for (const [name, value] of Object.entries(headers ?? {})) merged[name.toLowerCase()] = value
  }
  return merged
}

function splitUrl(url: string): { readonly origin: string; readonly path: string } {
  const { origin, pathname, search } = new URL(url)
  return { origin, path: pathname + search }
}
