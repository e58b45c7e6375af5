import { HttpBodyError, HttpTimeoutError, HttpTooLargeError } from '../errors.js'

export interface ResponseParts {
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: AsyncIterable<Uint8Array> & { readonly destroy: () => unknown }
  readonly deadlines: BodyDeadlines
}

export interface BodyDeadlines {
  readonly stalledMs: number
  readonly maxBytes: number
  /** Aborted with the error to be thrown. */
  readonly signal: AbortSignal
  readonly release: () => void
}

/** An answer whose body is still on its way: read it, or `discard` it. */
export class HttpResponse {
  readonly url: string
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly #parts: ResponseParts

  constructor(parts: ResponseParts) {
    this.url = parts.url
    this.status = parts.status
    this.headers = parts.headers
    this.#parts = parts
  }

  /** 304: what was fetched before is still right. */
  get isNotModified(): boolean {
    return this.status === 304
  }

  /** 404 or 204: there is nothing. */
  get isEmpty(): boolean {
    return this.status === 404 || this.status === 204
  }

  /** The body as it comes, once. Whoever stops early closes the connection. @throws HttpBodyError, HttpTimeoutError, HttpTooLargeError */
  async *stream(maxBytes: number = this.#parts.deadlines.maxBytes): AsyncIterableIterator<Uint8Array> {
    const { body, deadlines, url } = this.#parts
    const chunks = body[Symbol.asyncIterator]()
    const length = this.#declaredLength()
    let received = 0
    try {
      if (length !== undefined && length > maxBytes) throw new HttpTooLargeError(url, maxBytes)
      for (;;) {
        const { value, done } = await this.#nextChunk(chunks, () => received)
        if (done === true) break
        received += value.byteLength
        if (received > maxBytes) throw new HttpTooLargeError(url, maxBytes)
        yield value
      }
      if (length !== undefined && received !== length) throw new HttpBodyError(url, received)
    } finally {
      body.destroy()
      deadlines.release()
    }
  }

  /** The whole body. @throws as `stream` */
  async bytes(maxBytes?: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this.stream(maxBytes)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  async discard(): Promise<void> {
    this.#parts.body.destroy()
    this.#parts.deadlines.release()
  }

  #declaredLength(): number | undefined {
    const { 'content-length': text } = this.headers
    if (typeof text !== 'string' || this.isNotModified) return undefined
    const length = Number(text)
    return Number.isInteger(length) && length >= 0 ? length : undefined
  }

  async #nextChunk(chunks: AsyncIterator<Uint8Array>, received: () => number): Promise<IteratorResult<Uint8Array>> {
    const { url, deadlines } = this.#parts
    const { promise: stalled, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => reject(new HttpTimeoutError(url, 'stalled', deadlines.stalledMs)),
      deadlines.stalledMs,
    )
    const next = chunks.next()
    // The loser of the race may still fail, with nobody left to hear it.
    next.catch(() => undefined)
    try {
      return await Promise.race([next, stalled])
    } catch (error) {
      if (deadlines.signal.aborted) throw deadlines.signal.reason
      if (error instanceof HttpTimeoutError) throw error
      throw new HttpBodyError(url, received(), error)
    } finally {
      clearTimeout(timer)
    }
  }
}
