import { randomBytes } from 'node:crypto'
import type { BundlePlace } from '../bundle-path.js'
import type { BundleDraft, BundleRequest, CompletedBundle, Content, NewResource } from '../bundle-store.js'
import {
  CONTENT_FOLDER,
  isSameContent,
  MANIFEST_NAME,
  MARKER_NAME,
  type Manifest,
  makeManifest,
  type ResourceRecord,
  serializeManifest,
  serializeMarker,
} from '../manifest.js'
import { assertExpected } from '../measure.js'
import { ResourceList } from '../resource-list.js'
import { withoutSecrets } from '../without-secrets.js'
import { readS3Bundle } from './read-s3-bundle.js'
import type { S3Bucket } from './s3-bucket.js'
import { uploadStream } from './upload-stream.js'

export interface S3DraftContext {
  readonly bucket: S3Bucket
  /** Empty, or with a slash at its end. */
  readonly prefix: string
  readonly partBytes: number
  readonly secrets: readonly string[]
  readonly now: () => number
}

// A key has at most 1024 bytes; the rest is for prefix and bundle.
const MOST_NAME_BYTES = 500
const JSON_TYPE = 'application/json'

/** A bundle whose objects are stored already, but which no marker names. */
export class S3BundleDraft implements BundleDraft {
  readonly request: BundleRequest
  readonly #place: BundlePlace
  readonly #context: S3DraftContext
  readonly #attempt: string
  readonly #startedAtMs: number
  readonly #resources: ResourceList
  readonly #abandoned = new AbortController()
  #manifest: Manifest | undefined
  #completion: Promise<CompletedBundle> | undefined
  #isCompleted = false

  constructor(request: BundleRequest, place: BundlePlace, context: S3DraftContext) {
    this.request = request
    this.#place = place
    this.#context = context
    this.#startedAtMs = context.now()
    this.#attempt = attemptName(this.#startedAtMs)
    const { bucket, partBytes } = context
    this.#resources = new ResourceList(
      {
        keep: (name, resource, content) =>
          uploadStream(bucket, this.#contentKey(name), content, {
            partBytes,
            contentType: resource.contentType,
            signal: this.#abandoned.signal,
            check: (measured) => assertExpected(resource, measured),
          }),
        drop: (name) => bucket.remove(this.#contentKey(name)),
      },
      { ...context, mostNameBytes: MOST_NAME_BYTES },
    )
  }

  add(resource: NewResource, content: Content): Promise<readonly ResourceRecord[]> {
    return this.#resources.add(resource, content)
  }

  complete(): Promise<CompletedBundle> {
    this.#completion ??= this.#complete().catch((error: unknown) => {
      // So that it can be tried again.
      this.#completion = undefined
      throw error
    })
    return this.#completion
  }

  async abandon(): Promise<void> {
    if (this.#isCompleted || this.#abandoned.signal.aborted) return
    this.#resources.close('abandoned')
    this.#abandoned.abort()
    // The marker may have been written although the answer to that was lost.
    const current = await readS3Bundle(this.#context.bucket, this.#key())
    if (current?.attempt !== this.#attempt) await this.#context.bucket.removeAll(`${this.#key()}/${this.#attempt}/`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#completion?.catch(() => undefined)
    // What cannot be removed now is swept one day, and must not hide the error that led here.
    await this.abandon().catch(() => undefined)
  }

  async #complete(): Promise<CompletedBundle> {
    this.#resources.close('being completed')
    try {
      await this.#resources.settled()
    } catch (error) {
      this.#resources.reopen()
      throw error
    }
    const { bucket } = this.#context
    const manifest = this.#makeManifest()
    const text = serializeManifest(manifest)
    const earlier = await readS3Bundle(bucket, this.#key())
    const result = (outcome: 'stored' | 'replaced' | 'unchanged', current: Manifest): CompletedBundle => {
      this.#isCompleted = true
      return { path: this.#place.path, location: bucket.locationOf(this.#key()), manifest: current, outcome }
    }
    if (earlier?.attempt === this.#attempt) return result('stored', manifest)
    if (earlier !== undefined && isSameContent(earlier.manifest, manifest)) {
      await bucket.removeAll(`${this.#key()}/${this.#attempt}/`).catch(() => undefined)
      return result('unchanged', earlier.manifest)
    }
    await bucket.put(`${this.#key()}/${this.#attempt}/${MANIFEST_NAME}`, text, JSON_TYPE)
    await bucket.put(`${this.#key()}/${MARKER_NAME}`, serializeMarker(manifest, text, this.#attempt), JSON_TYPE)
    // Nobody refers to it any more; what cannot be removed now is swept.
    if (earlier !== undefined) await bucket.removeAll(`${this.#key()}/${earlier.attempt}/`).catch(() => undefined)
    return result(earlier === undefined ? 'stored' : 'replaced', manifest)
  }

  #makeManifest(): Manifest {
    const { secrets, now } = this.#context
    const { source, id, name } = this.request
    this.#manifest ??= makeManifest({
      bundle: this.#place.path,
      request: { source, id: withoutSecrets(id, secrets), name: withoutSecrets(name, secrets) },
      startedAtMs: this.#startedAtMs,
      completedAtMs: now(),
      resources: this.#resources.records,
    })
    return this.#manifest
  }

  #key(): string {
    return `${this.#context.prefix}${this.#place.path}`
  }

  #contentKey(name: string): string {
    return `${this.#key()}/${this.#attempt}/${CONTENT_FOLDER}/${name}`
  }
}

/** Sorts by time, and is nobody else's. */
function attemptName(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')
  return `${time}-${randomBytes(8).toString('hex')}`
}

const ATTEMPT = /^\d{8}T\d{6}Z-[0-9a-f]{16}$/

export function isAttemptName(name: string): boolean {
  return ATTEMPT.test(name)
}
