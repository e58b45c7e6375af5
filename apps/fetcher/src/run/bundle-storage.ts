import { createReadStream } from 'node:fs'
import type { BundleStore, Content, NewResource } from '../bundles/bundle-store.js'
import type { ResultFacts, ResultStorage, StoredResult } from './result-storage.js'

/** One bundle per request. */
export class BundleStorage implements ResultStorage {
  readonly #store: BundleStore
  readonly #unpacking: BundleStore
  readonly #name: string

  /** Both keep in the same place. */
  constructor(store: BundleStore, unpacking: BundleStore, name: string) {
    this.#store = store
    this.#unpacking = unpacking
    this.#name = name
  }

  async storeStream(facts: ResultFacts, body: Content, signal: AbortSignal): Promise<StoredResult> {
    const { requestId: id, url, status, contentType, details } = facts
    const store = facts.unpack ? this.#unpacking : this.#store
    await using draft = await store.begin({ source: this.#name, id, name: url, ...foldersOf(facts) })
    let bytes = 0
    const counted = counting(body, signal, (count) => {
      bytes += count
    })
    const resource: NewResource = {
      url,
      ...(status === null ? {} : { status }),
      ...(contentType === null ? {} : { contentType }),
      facts: plainFacts(details),
    }
    await draft.add(resource, counted)
    signal.throwIfAborted()
    const { path } = await draft.complete()
    return { id: path, bytes }
  }

  storeFile(facts: ResultFacts, path: string, signal: AbortSignal): Promise<StoredResult> {
    return this.storeStream(facts, createReadStream(path, { highWaterMark: 1 << 20 }), signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store.close()
  }
}

async function* counting(body: Content, signal: AbortSignal, count: (bytes: number) => void): Content {
  for await (const chunk of body) {
    signal.throwIfAborted()
    count(chunk.byteLength)
    yield chunk
  }
}

function foldersOf({ details, locator }: ResultFacts): { readonly folders: readonly string[] } | object {
  const { window } = details
  const day = typeof window === 'object' && window !== null && 'from' in window ? String(window.from) : undefined
  return day === undefined ? {} : { folders: [locator, day] }
}

function plainFacts(details: ResultFacts['details']): Record<string, string | number | boolean> {
  const plain: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(details)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') plain[name] = value
    else plain[name] = JSON.stringify(value)
  }
  return plain
}
