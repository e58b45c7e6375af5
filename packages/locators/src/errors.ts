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
