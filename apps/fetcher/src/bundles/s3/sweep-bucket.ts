import { MARKER_NAME } from '../manifest.js'
import { readS3Bundle } from './read-s3-bundle.js'
import type { S3Bucket } from './s3-bucket.js'
import { isAttemptName } from './s3-bundle-draft.js'

interface SeenBundle {
  readonly key: string
  hasMarker: boolean
  /** Attempts, with the time of their newest object. */
  readonly attempts: Map<string, number>
}

/** Removes attempts that no marker names and in which nothing was stored since a moment. How many objects. Lists everything below the prefix. */
export async function sweepBucket(bucket: S3Bucket, prefix: string, beforeMs: number): Promise<number> {
  let swept = 0
  for await (const bundle of bundlesIn(bucket, prefix)) {
    const old = [...bundle.attempts].filter(([, newestMs]) => newestMs < beforeMs).map(([attempt]) => attempt)
    // The only attempt beside a marker is the one that it names.
    if (old.length === 0 || (bundle.hasMarker && bundle.attempts.size === 1)) continue
    const current = bundle.hasMarker ? await readS3Bundle(bucket, bundle.key) : undefined
    // A marker that cannot be read is for people to look at, with all that it may have named.
    if (bundle.hasMarker && current === undefined) continue
    for (const attempt of old)
      if (attempt !== current?.attempt) swept += await bucket.removeAll(`${bundle.key}/${attempt}/`)
  }
  return swept
}

/** Objects are listed in the order of their keys, so those of a bundle come together. */
async function* bundlesIn(bucket: S3Bucket, prefix: string): AsyncGenerator<SeenBundle> {
  let seen: SeenBundle | undefined
  for await (const { key, modifiedAtMs } of bucket.list(prefix)) {
    const parts = key.split('/')
    const attemptAt = parts.findIndex(isAttemptName)
    const isMarker = attemptAt === -1 && parts.at(-1) === MARKER_NAME
    if (attemptAt === -1 && !isMarker) continue
    const bundleKey = parts.slice(0, isMarker ? -1 : attemptAt).join('/')
    if (seen?.key !== bundleKey) {
      if (seen !== undefined) yield seen
      seen = { key: bundleKey, hasMarker: false, attempts: new Map() }
    }
    const attempt = parts[attemptAt]
    if (attempt === undefined) seen.hasMarker = true
    else seen.attempts.set(attempt, Math.max(modifiedAtMs, seen.attempts.get(attempt) ?? 0))
  }
  if (seen !== undefined) yield seen
}
