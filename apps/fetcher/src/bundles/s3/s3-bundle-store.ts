/**
 * Bundles in a bucket of S3 or of what behaves like it:
 *
 *     <prefix><source>/<folders>/<label>-<key>/<attempt>/content/…       what was fetched
 *                                             /<attempt>/manifest.json   what it is
 *                                             /completed.json            written last: the attempt that counts, and its manifest's hash
 *
 * An object appears whole or not at all, so the marker is the truth: one write makes a bundle appear, or another take its place. A crash can leave objects of
 * an attempt that no marker names, which `sweep` removes when they are old, and parts of uploads that were not finished, for which the bucket should have the
 * lifecycle rule AbortIncompleteMultipartUpload.
 */
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { placeOf } from '../bundle-path.js'
import type { BundleDraft, BundleRequest, BundleStore, CompletedBundle } from '../bundle-store.js'
import { readS3Bundle } from './read-s3-bundle.js'
import { S3Bucket } from './s3-bucket.js'
import { S3BundleDraft, type S3DraftContext } from './s3-bundle-draft.js'
import { sweepBucket } from './sweep-bucket.js'

export interface S3BundleStoreOptions {
  readonly bucket: string
  /** Where in the bucket, such as `raw/`. @default its root */
  readonly prefix?: string
  /** Of a service other than that of Amazon. @default none */
  readonly endpoint?: string
  /** @default that of the environment, or us-east-1 with an endpoint */
  readonly region?: string
  /** @default those of the environment, of ~/.aws, or of the machine */
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
  /** Larger content is sent in parts of this size, of which there can be 10,000; so much memory takes each resource under way. @default 8 MiB */
  readonly partBytes?: number
  /** What no marker names is swept when it is older. @default 24 hours */
  readonly abandonedAfterMs?: number
  /** Values that must not be written anywhere. @default none */
  readonly secrets?: readonly string[]
}

export interface S3BundleStoreDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
}

const MIB = 1024 * 1024
const SMALLEST_PART_BYTES = 5 * MIB
const DAY_MS = 86_400_000

export class S3BundleStore implements BundleStore {
  readonly #context: S3DraftContext
  readonly #abandonedAfterMs: number
  #closed = false

  constructor(options: S3BundleStoreOptions, deps: S3BundleStoreDeps) {
    const { bucket, prefix = '', partBytes = 8 * MIB, secrets = [], abandonedAfterMs = DAY_MS } = options
    if (!Number.isSafeInteger(partBytes) || partBytes < SMALLEST_PART_BYTES)
      throw new RangeError(`'partBytes' must be at least ${SMALLEST_PART_BYTES}, not ${partBytes}`)
    this.#abandonedAfterMs = abandonedAfterMs
    this.#context = {
      bucket: new S3Bucket(new S3Client(clientConfig(options)), bucket),
      prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
      partBytes,
      secrets,
      now: deps.now ?? Date.now,
    }
  }

  async begin(request: BundleRequest): Promise<BundleDraft> {
    this.#assertOpen()
    return new S3BundleDraft(request, placeOf(request, this.#context.secrets), this.#context)
  }

  async find(request: BundleRequest): Promise<CompletedBundle | undefined> {
    this.#assertOpen()
    const { bucket, prefix } = this.#context
    const { path } = placeOf(request, this.#context.secrets)
    const found = await readS3Bundle(bucket, `${prefix}${path}`)
    return (
      found && { path, location: bucket.locationOf(`${prefix}${path}`), manifest: found.manifest, outcome: 'found' }
    )
  }

  async sweep(): Promise<number> {
    this.#assertOpen()
    const { bucket, prefix, now } = this.#context
    return sweepBucket(bucket, prefix, now() - this.#abandonedAfterMs)
  }

  async close(): Promise<void> {
    if (!this.#closed) this.#context.bucket.close()
    this.#closed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('The bundle store is closed')
  }
}

function clientConfig({ endpoint, region, credentials }: S3BundleStoreOptions): S3ClientConfig {
  return {
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true, region: region ?? 'us-east-1' }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    // Many services that are like S3 do not know the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  }
}
