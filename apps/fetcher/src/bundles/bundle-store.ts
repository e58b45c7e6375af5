import type { Manifest, ResourceRecord } from './manifest.js'

/** Whose answer a bundle holds. All of it must follow from the request, so that a repeat has the same. */
export interface BundleRequest {
  /** Name of the configuration. */
  readonly source: string
  /** Stable identity of the request in that configuration. */
  readonly id: string
  /** What people know it by: a URL, a remote path. */
  readonly name: string
  /** Folders for people to find it in, such as the day of its window. @default two digits of its key */
  readonly folders?: readonly string[]
}

/** Something that was fetched. */
export interface NewResource {
  /** Where it came from; credentials in it are not kept. */
  readonly url: string
  /** A name for its file, which may come from the server. @default the end of the URL */
  readonly name?: string
  /** HTTP status. */
  readonly status?: number
  readonly contentType?: string
  /** Other facts for the manifest, such as `etag`; no secrets. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>
  /** A body of another length is cut, and refused. */
  readonly expectedSize?: number
  /** In hex; other bytes are refused. */
  readonly expectedSha256?: string
  /** Of what it was unpacked from. */
  readonly unpackedFrom?: { readonly name: string; readonly size: number; readonly sha256: string }
}

/** Bytes as they arrive; an error of theirs is that of `add`. */
export type Content = AsyncIterable<Uint8Array>

/**
 * Where the answers to requests are kept. A request has one bundle: completed, or none. A repeat finds the earlier one (`unchanged`) or takes its place
 * (`replaced`); until its completion the earlier one stays as it is.
 *
 * @example
 * await using draft = await store.begin({ source: 'fr-api', id, name: url, folders: ['2026-11-21'] })
 * await draft.add({ url, status: 200, contentType: 'application/json' }, response.body)
 * const bundle = await draft.complete()
 */
export interface BundleStore extends AsyncDisposable {
  begin(request: BundleRequest): Promise<BundleDraft>
  /** The completed bundle of a request. */
  find(request: BundleRequest): Promise<CompletedBundle | undefined>
  /** Removes what writers that are gone left behind, and brings back what they were about to replace. How many things. */
  sweep(): Promise<number>
  /** A second call does nothing. */
  close(): Promise<void>
}

/** A bundle that nobody sees yet. Disposal abandons it, unless it is completed. */
export interface BundleDraft extends AsyncDisposable {
  readonly request: BundleRequest
  /**
   * Takes a resource; several may be taken at once. The same URL and name again replaces the first. Resolves to what is kept: one record, or those of
   * what it was unpacked to. When it rejects, nothing of it is kept, and the bundle cannot be completed before it was added again.
   * @throws the error of the content
   * @throws BundleIncompleteError when size or hash are not those expected
   */
  add(resource: NewResource, content: Content): Promise<readonly ResourceRecord[]>
  /**
   * Waits for resources under way and makes the bundle appear. On return it is durable. After a failure it can be called again; after success
   * it resolves to the same.
   * @throws BundleIncompleteError
   */
  complete(): Promise<CompletedBundle>
  /** Forgets it; an earlier bundle of the request stays. A second call does nothing, nor does one after completion. */
  abandon(): Promise<void>
}

export interface CompletedBundle {
  /** Its name in the store, with `/` between folders. */
  readonly path: string
  /** For people and programs outside: a path, an `s3:` URL. */
  readonly location: string
  readonly manifest: Manifest
  /** What completing did; `found` when it was looked up. */
  readonly outcome: 'stored' | 'replaced' | 'unchanged' | 'found'
}
