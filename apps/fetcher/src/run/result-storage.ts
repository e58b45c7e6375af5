/** Where it came from; all of it is kept with the bytes. */
export interface ResultFacts {
  readonly locator: string
  /** The id of the request: the same thing fetched again has the same one. */
  readonly requestId: string
  /** A URL, or `sftp://host/path`; without credentials. */
  readonly url: string
  readonly status: number | null
  readonly contentType: string | null
  /** Kept as it is. */
  readonly details: Readonly<Record<string, unknown>>
  /** What comes as zip or gzip is kept unpacked. */
  readonly unpack: boolean
}

export interface StoredResult {
  /** What the bundle is known by. */
  readonly id: string
  /** Received. */
  readonly bytes: number
}

/** Keeps what was fetched. What it says is stored is durable, whole, and never seen in part. */
export interface ResultStorage extends AsyncDisposable {
  /** @throws what `body` throws, and nothing is kept then */
  storeStream(facts: ResultFacts, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredResult>
  /** Of a file that is complete and durable; it may be linked, and stays. */
  storeFile(facts: ResultFacts, path: string, signal: AbortSignal): Promise<StoredResult>
}
