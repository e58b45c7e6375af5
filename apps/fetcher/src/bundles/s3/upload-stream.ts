import type { Content } from '../bundle-store.js'
import { type Measured, measure } from '../measure.js'
import type { S3Bucket, S3Upload } from './s3-bucket.js'

export interface UploadOptions {
  readonly partBytes: number
  readonly contentType?: string | undefined
  readonly signal: AbortSignal
  /** Called with the facts before the object appears; when it throws, it does not. */
  readonly check: (measured: Measured) => void
}

/** Stores content of any length with one part of it in memory. The object appears at the end or not at all. */
export async function uploadStream(
  bucket: S3Bucket,
  key: string,
  content: Content,
  { partBytes, contentType, signal, check }: UploadOptions,
): Promise<Measured> {
  const part = new PartBuffer(partBytes)
  let upload: S3Upload | undefined
  try {
    const measured = await measure(content, async (bytes) => {
      signal.throwIfAborted()
      for (let offset = 0; offset < bytes.length; ) {
        // A part is sent when there is more, so that the last one is never empty.
        if (part.isFull) {
          upload ??= await bucket.beginUpload(key, contentType, signal)
          await upload.addPart(part.bytes)
          part.clear()
        }
        offset += part.take(bytes.subarray(offset))
      }
    })
    signal.throwIfAborted()
    check(measured)
    if (upload === undefined) await bucket.put(key, part.bytes, contentType, signal)
    else {
      await upload.addPart(part.bytes)
      await upload.finish()
    }
    return measured
  } catch (error) {
    await upload?.abort()
    throw error
  }
}

/** Grows up to the size of a part, and is used again. */
class PartBuffer {
  readonly #mostBytes: number
  #buffer: Uint8Array = new Uint8Array(64 * 1024)
  #length = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  get isFull(): boolean {
    return this.#length === this.#mostBytes
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  /** Takes as much as there is room for. How much. */
  take(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, this.#mostBytes - this.#length)
    const needed = this.#length + taken.length
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(this.#mostBytes, Math.max(needed, this.#buffer.length * 2)))
      larger.set(this.bytes)
      this.#buffer = larger
    }
    this.#buffer.set(taken, this.#length)
    this.#length = needed
    return taken.length
  }
}
