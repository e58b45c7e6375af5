/** What a failed fetch tells about itself. */
export interface FetchErrorFields {
  /** `false`: trying again would only fail again. */
  readonly retryable: boolean
  /** The server asked to be left alone for so long. */
  readonly retryAfterMs?: number | undefined
}

/** Whether trying again may help; what says nothing about itself may. */
export function isRetryable(error: unknown): boolean {
  return !(typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === false)
}

export function retryAfterMsOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return undefined
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : undefined
}

export function errorCodeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/** The answer is not what the configured paging needs, such as no JSON. */
export class PageFormatError extends Error {
  override readonly name = 'PageFormatError'
  readonly code = 'ERR_PAGE_FORMAT'
  readonly retryable = true
  readonly url: string

  constructor(url: string, problem: string, options?: ErrorOptions) {
    super(`The answer of '${url}' cannot be read: ${problem}`, options)
    this.url = url
  }
}

/** The server's pages lead back to one that was fetched before. */
export class PagingLoopError extends Error {
  override readonly name = 'PagingLoopError'
  readonly code = 'ERR_PAGING_LOOP'
  readonly retryable = false
  readonly url: string

  constructor(url: string, pageNumber: number) {
    super(`Page ${pageNumber} of '${url}' leads back to a page before it`)
    this.url = url
  }
}

/** More matches than the server gives out, and nothing left to narrow the request by. */
export class NarrowingError extends Error {
  override readonly name = 'NarrowingError'
  readonly code = 'ERR_NARROWING'
  readonly retryable = false
  readonly url: string
  readonly total: number
  readonly hint = 'Allow longer prefixes (narrowing.maxLength), or take smaller windows'

  constructor(url: string, total: number, limit: number) {
    super(`'${url}' has ${total} matches, more than ${limit}, and cannot be narrowed further`)
    this.url = url
    this.total = total
  }
}

/** The server asked all who share a rate limit to be silent for longer than the caller waits; nothing was sent. */
export class RateLimitPausedError extends Error {
  override readonly name = 'RateLimitPausedError'
  readonly code = 'ERR_RATE_LIMIT_PAUSED'
  readonly retryable = true
  readonly retryAfterMs: number
  readonly hint = 'Start again after that time'

  /** Milliseconds of the store's clock. */
  constructor(untilMs: number, nowMs: number) {
    super(`The server asked for no more requests until ${new Date(untilMs).toISOString()}`)
    this.retryAfterMs = untilMs - nowMs
  }
}

export type TimeoutPhase = 'connect' | 'headers' | 'stalled' | 'total'

/** The server was too slow; `phase` says with what. */
export class HttpTimeoutError extends Error {
  override readonly name = 'HttpTimeoutError'
  readonly code = 'ERR_HTTP_TIMEOUT'
  readonly retryable = true
  readonly url: string
  readonly phase: TimeoutPhase

  constructor(url: string, phase: TimeoutPhase, timeoutMs: number) {
    super(`${PHASES[phase]} from '${url}' within ${timeoutMs} ms`)
    this.url = url
    this.phase = phase
  }
}

const PHASES: Readonly<Record<TimeoutPhase, string>> = {
  connect: 'Got no connection',
  headers: 'Got no answer',
  stalled: 'Got no more of the body',
  total: 'Did not get the whole body',
}

/** No connection, or one that broke before the answer came. */
export class HttpConnectionError extends Error {
  override readonly name = 'HttpConnectionError'
  readonly code = 'ERR_HTTP_CONNECTION'
  readonly retryable = true
  readonly url: string

  constructor(url: string, cause: unknown) {
    super(`Cannot get an answer from '${url}': ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.url = url
  }
}

/** The body ended before it was whole. */
export class HttpBodyError extends Error {
  override readonly name = 'HttpBodyError'
  readonly code = 'ERR_HTTP_BODY'
  readonly retryable = true
  readonly url: string
  readonly receivedBytes: number

  constructor(url: string, receivedBytes: number, cause?: unknown) {
    super(`The answer of '${url}' broke off after ${receivedBytes} bytes`, { cause })
    this.url = url
    this.receivedBytes = receivedBytes
  }
}

/** The answer is larger than allowed. */
export class HttpTooLargeError extends Error {
  override readonly name = 'HttpTooLargeError'
  readonly code = 'ERR_HTTP_TOO_LARGE'
  readonly retryable = false
  readonly url: string
  readonly maxBytes: number

  constructor(url: string, maxBytes: number) {
    super(`The answer of '${url}' is larger than ${maxBytes} bytes`)
    this.url = url
    this.maxBytes = maxBytes
  }
}

/** A status that is no success; 408, 425, 429 and most of 5xx may be tried again. */
export class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError'
  readonly code = 'ERR_HTTP_STATUS'
  readonly retryable: boolean
  readonly url: string
  readonly status: number
  readonly retryAfterMs?: number

  constructor(url: string, status: number, retryAfterMs?: number) {
    super(`'${url}' answered with status ${status}`)
    this.url = url
    this.status = status
    this.retryable = [408, 425, 429].includes(status) || (status >= 500 && status !== 501 && status !== 505)
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs
  }
}

/** The server leads somewhere that is not followed. */
export class HttpRedirectError extends Error {
  override readonly name = 'HttpRedirectError'
  readonly code = 'ERR_HTTP_REDIRECT'
  readonly retryable = false
  readonly url: string

  constructor(url: string, problem: string) {
    super(`'${url}' redirects ${problem}`)
    this.url = url
  }
}

/** No token could be had. Why is in `cause`; it may be tried again unless the server says that the credentials are wrong. */
export class HttpAuthError extends Error {
  override readonly name = 'HttpAuthError'
  readonly code = 'ERR_HTTP_AUTH'
  readonly retryable: boolean
  readonly tokenUrl: string
  readonly retryAfterMs?: number

  constructor(tokenUrl: string, cause: unknown) {
    super(`Cannot get a token from '${tokenUrl}'`, { cause })
    this.tokenUrl = tokenUrl
    this.retryable = isRetryable(cause)
    const retryAfterMs = retryAfterMsOf(cause)
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs
  }
}
