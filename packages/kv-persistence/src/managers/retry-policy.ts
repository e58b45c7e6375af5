/** An error class, the `name` or the `code` of an error. */
export type ErrorKind = string | (abstract new (...args: never[]) => Error)

export interface RetryPolicy {
  readonly maxRetries: number
  readonly backoffFactor: number
  readonly baseDelaySeconds: number
  readonly maxDelaySeconds: number
  readonly jitter: 'full' | 'none'
  readonly notRetried: readonly ErrorKind[] | ((error: unknown) => boolean)
}

/** Seconds before the next attempt after `retryCount` failed ones: with full jitter any time up to the capped power. */
export function delaySeconds(policy: RetryPolicy, retryCount: number, random: () => number): number {
  const { baseDelaySeconds, backoffFactor, maxDelaySeconds, jitter } = policy
  const longest = Math.min(maxDelaySeconds, baseDelaySeconds * backoffFactor ** retryCount)
  return jitter === 'full' ? longest * random() : longest
}

/** Whether trying again would only fail again. */
export function isPermanent({ notRetried }: RetryPolicy, error: unknown): boolean {
  if (typeof notRetried === 'function') return notRetried(error)
  return notRetried.some((kind) => {
    if (typeof kind === 'function') return error instanceof kind
    if (!(error instanceof Error)) return false
    return error.name === kind || ('code' in error && error.code === kind)
  })
}

export function checkPolicy(policy: RetryPolicy): RetryPolicy {
  const { maxRetries, backoffFactor, baseDelaySeconds, maxDelaySeconds } = policy
  if (!Number.isInteger(maxRetries) || maxRetries < 0) {
    throw new RangeError(`maxRetries must be a whole number from 0, not ${maxRetries}`)
  }
  if (!(backoffFactor >= 1 && Number.isFinite(backoffFactor))) {
    throw new RangeError(`backoffFactor must be at least 1, not ${backoffFactor}`)
  }
  for (const [name, value] of Object.entries({ baseDelaySeconds, maxDelaySeconds })) {
    if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be greater than 0, not ${value}`)
  }
  return policy
}
