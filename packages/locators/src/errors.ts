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
