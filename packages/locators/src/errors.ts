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
