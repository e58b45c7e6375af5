import { HttpAuthError } from '../errors.js'
import { basicHeader } from './auth.js'
import type { HttpClient } from './http-client.js'
import type { HttpAuth } from './http-request.js'

export interface OAuthOptions {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope?: string | undefined
  /** A token is renewed so long before it expires. @default 60 */
  readonly marginSeconds?: number | undefined
  /** Of a token whose server does not tell. @default 300 */
  readonly defaultExpirySeconds?: number | undefined
}

interface Token {
  readonly authorization: string
  /** On the monotonic clock. */
  readonly renewAtMs: number
}

const SECOND_MS = 1000
const MOST_TOKEN_BYTES = 1024 * 1024

/**
 * OAuth 2 client credentials: the token is kept in memory, renewed before it expires, once for all who wait, and once more when a server refuses it.
 * A token that cannot be had is an error of the request, which is then not sent.
 */
export function oauthClientCredentials(
  options: OAuthOptions,
  client: Pick<HttpClient, 'request'>,
  deps: { readonly monotonicMs?: () => number } = {},
): HttpAuth {
  const { marginSeconds = 60, clientId, clientSecret } = options
  const monotonicMs = deps.monotonicMs ?? ((): number => performance.now())
  const basic = basicHeader(encodeURIComponent(clientId), encodeURIComponent(clientSecret))
  let token: Token | undefined
  let renewing: Promise<Token> | undefined

  const renew = async (): Promise<Token> => {
    const startedMs = monotonicMs()
    const { accessToken, expiresIn } = await askForToken(options, basic, client)
    // Short-lived tokens are used for half of their life at least.
    const lifeMs = Math.max(expiresIn - marginSeconds, expiresIn / 2) * SECOND_MS
    token = { authorization: `Bearer ${accessToken}`, renewAtMs: startedMs + lifeMs }
    return token
  }

  return {
    headers: async (signal) => {
      if (token !== undefined && monotonicMs() < token.renewAtMs) return { authorization: token.authorization }
      signal.throwIfAborted()
      renewing ??= renew().finally(() => {
        renewing = undefined
      })
      const { authorization } = await orAbort(renewing, signal)
      return { authorization }
    },
    refused: ({ authorization }) => {
      // Whoever was refused with an older token finds a new one already.
      if (token?.authorization === authorization) token = undefined
      return true
    },
  }
}

async function askForToken(
  { tokenUrl, scope, defaultExpirySeconds = 300 }: OAuthOptions,
  authorization: string,
  client: Pick<HttpClient, 'request'>,
): Promise<{ readonly accessToken: string; readonly expiresIn: number }> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) })
  try {
    const response = await client.request({
      url: tokenUrl,
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form.toString(),
    })
    const answer: unknown = JSON.parse(new TextDecoder().decode(await response.bytes(MOST_TOKEN_BYTES)))
    const { access_token: accessToken, expires_in: expires = defaultExpirySeconds } = Object(answer)
    const expiresIn = Number(expires)
    if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken) || !(expiresIn > 0)) {
      throw new SyntaxError('The answer holds no usable token')
    }
    return { accessToken, expiresIn }
  } catch (error) {
    throw new HttpAuthError(tokenUrl, error)
  }
}

function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
