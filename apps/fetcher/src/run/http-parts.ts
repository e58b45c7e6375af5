import type { KvStore } from '@holdfast/kv-persistence'
import {
  basicAuth,
  createHttpClient,
  type HttpAuth,
  type HttpClient,
  type HttpClientOptions,
  headerAuth,
  noAuth,
  oauthClientCredentials,
  RateLimit,
} from '@holdfast/locators'
import type { Credentials } from '../config/credentials.js'
import type { FetcherConfig } from '../config/load-config.js'
import type { ApiContent } from '../config/schema.js'

/** Lets what waits for its turn go when the run is to end; what is sent already is not touched. */
export class DrainSwitch {
  #signal: AbortSignal | undefined

  follow(signal: AbortSignal): void {
    this.#signal = signal
  }

  with(signal: AbortSignal | undefined): AbortSignal | undefined {
    const both = [signal, this.#signal].filter((each) => each !== undefined)
    return both.length === 0 ? undefined : AbortSignal.any(both)
  }
}

/** A turn is only waited for as long as the run goes on. */
class DrainableRateLimit extends RateLimit {
  readonly #drain: DrainSwitch

  constructor(options: ConstructorParameters<typeof RateLimit>[0], drain: DrainSwitch) {
    super(options)
    this.#drain = drain
  }

  override acquire(signal?: AbortSignal): Promise<void> {
    return super.acquire(this.#drain.with(signal))
  }
}

export interface HttpParts {
  readonly client: HttpClient
  readonly drain: DrainSwitch
  close(): Promise<void>
}

/** @throws CredentialsError */
export async function makeHttpParts(
  content: ApiContent,
  { credentials, max_wait_seconds: maxWaitSeconds }: Pick<FetcherConfig, 'credentials' | 'max_wait_seconds'>,
  store: KvStore,
  concurrency: number,
): Promise<HttpParts> {
  const { http, rate_limit: limit, prefix } = content
  const drain = new DrainSwitch()
  const timeouts: HttpClientOptions = {
    connectTimeoutMs: http.connect_timeout_seconds * 1000,
    headersTimeoutMs: http.headers_timeout_seconds * 1000,
    stalledTimeoutMs: http.stalled_timeout_seconds * 1000,
    totalTimeoutMs: http.total_timeout_seconds * 1000,
  }
  const tokenClient = createHttpClient(timeouts)
  const client = createHttpClient({
    ...timeouts,
    auth: await makeAuth(content.auth, credentials, tokenClient),
    maxBodyBytes: http.max_body_bytes,
    notFoundIsEmpty: http.not_found_is_empty,
    redirects: http.redirects,
    userAgent: 'holdfast-fetcher',
    connections: concurrency,
    ...(limit === undefined
      ? {}
      : {
          rateLimit: new DrainableRateLimit(
            {
              prefix,
              store,
              requests: limit.requests,
              perSeconds: limit.per_seconds,
              burst: limit.burst,
              maxPauseMs: maxWaitSeconds * 1000,
            },
            drain,
          ),
        }),
  })
  return { client, drain, close: () => tokenClient.close() }
}

async function makeAuth(auth: ApiContent['auth'], credentials: Credentials, client: HttpClient): Promise<HttpAuth> {
  switch (auth.type) {
    case 'none':
      return noAuth()
    case 'header':
      return headerAuth(auth.header, await credentials.get(auth.credential))
    case 'basic':
      return basicAuth(await credentials.get(auth.username), await credentials.get(auth.password))
    case 'oauth': {
      const [clientId, clientSecret] = [
        await credentials.get(auth.client_id),
        await credentials.get(auth.client_secret),
      ]
      const { token_url: tokenUrl, scope } = auth
      return oauthClientCredentials(
        { tokenUrl, clientId, clientSecret, ...(scope === undefined ? {} : { scope }) },
        client,
      )
    }
  }
}
