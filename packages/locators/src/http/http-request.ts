/** What is sent. */
export interface HttpRequest {
  readonly url: string
  /** @default 'GET' */
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
}

/** Adds credentials to each request. The same plug-in serves all requests of a client. */
export interface HttpAuth {
  /** What is added; a header of the request with the same name gives way. Errors it throws are those of the request. */
  readonly headers: (
    signal: AbortSignal,
  ) => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>
  /** The server answered 401 to these headers. Whether other ones can be had, so that one more attempt is worth while. */
  readonly refused?: (headers: Readonly<Record<string, string>>) => boolean
}
