/**
 * The requests a UconDB server answers, each with the meaning of its answers. Many mistakes and "not found" arrive as status 500 with an HTML page,
 * so the page's message decides what an answer means.
 */
import { randomBytes } from 'node:crypto'
import { ArchiveAccessError, ArchiveServerError, ArchiveUnavailableError } from '../errors.js'
import { answerChallenge, type DigestChallenge, type DigestCredentials, parseChallenge, secretsOf } from './digest.js'
import { errorMessage } from './error-page.js'
import { type Attempt, retrying } from './retry.js'
import { type HttpAnswer, HttpTransport, type TlsOptions, TransportError } from './transport.js'

export interface UconDbClientOptions {
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly writer: DigestCredentials | undefined
  readonly timeoutMs: number
  readonly tls: TlsOptions
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** @default the client's */
  readonly timeoutMs?: number
}

export interface Call extends CallOptions {
  readonly action: string
  readonly method: 'GET' | 'POST'
  /** After the base URL, beginning with a slash. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly authenticated?: boolean
}

export class UconDbClient {
  readonly baseUrl: string
  readonly #options: UconDbClientOptions
  readonly #transport: HttpTransport
  readonly #basePath: string
  readonly #random: () => number
  /** By path: the realm of a put differs from that of making a folder. */
  readonly #challenges = new Map<string, { readonly challenge: DigestChallenge; uses: number }>()

  constructor(options: UconDbClientOptions, random: () => number) {
    const url = new URL(options.baseUrl)
    this.baseUrl = options.baseUrl
    this.#options = options
    this.#transport = new HttpTransport(url.origin, options.tls)
    this.#basePath = url.pathname.replace(/\/+$/, '')
    this.#random = random
  }

  /**
   * Sends a request until `interpret` accepts an answer, or says that another attempt cannot help by throwing. No answer at all, and the server
   * errors that `interpret` leaves alone (`undefined`), are tried again.
   *
   * @throws ArchiveAccessError, ArchiveServerError, ArchiveUnavailableError
   */
  async call<T>(call: Call, interpret: (answer: HttpAnswer, message: string) => T | undefined): Promise<T> {
    const path = `${this.baseUrl}${call.path}`
    const attempt = async (): Promise<Attempt<T>> => {
      try {
        const { answer, secrets } = await this.#exchange(call)
        const message = answer.status === 200 ? '' : errorMessage(answer.body, secrets)
        const value = interpret(answer, message)
        if (value !== undefined) return { retry: false, value }
        return this.#unexpected(call.action, path, answer, message)
      } catch (error) {
        if (!(error instanceof TransportError)) throw error
        return {
          retry: true,
          error: new ArchiveUnavailableError(call.action, path, { cause: error, hint: transportHint(error) }),
        }
      }
    }
    return retrying(attempt, call.signal, { random: this.#random })
  }

  #unexpected(action: string, path: string, answer: HttpAnswer, message: string): Attempt<never> {
    if (answer.status === 500) return { retry: true, error: new ArchiveServerError(action, path, message) }
    const cause = new Error(
      answer.status === 200 ? 'the answer was cut or is not what UconDB sends' : `status ${answer.status}: ${message}`,
    )
    const hint = answer.status >= 500 ? "Look into the server's log" : 'Check ucon_db.server_url, folder and object'
    const error = new ArchiveUnavailableError(action, path, { cause, hint })
    if (answer.status === 200 || answer.status >= 500 || TRY_LATER.has(answer.status)) return { retry: true, error }
    throw error
  }

  async #exchange(call: Call): Promise<{ readonly answer: HttpAnswer; readonly secrets: readonly string[] }> {
    const target = `${this.#basePath}${call.path}${formatQuery(call.query)}`
    const send = (headers: Readonly<Record<string, string>>): Promise<HttpAnswer> =>
      this.#transport.exchange({
        method: call.method,
        target,
        body: call.body,
        headers,
        deadlineMs: call.timeoutMs ?? this.#options.timeoutMs,
        signal: call.signal,
      })
    if (call.authenticated !== true) return { answer: await send({}), secrets: [] }
    const known = this.#challenges.get(call.path)
    // The whole body goes with the first request: a server that asks for no credentials would take an empty one for the version.
    const opening = known === undefined ? {} : this.#authorization(call, target)
    const first = await send(opening)
    if (first.status !== 401) return { answer: first, secrets: secretsOf([opening.authorization]) }
    const asked = headerOf(first, 'www-authenticate')
    const challenge = parseChallenge(asked)
    if (challenge === undefined) throw this.#refused(call.path, first, known !== undefined)
    if (this.#options.writer === undefined) {
      throw new ArchiveAccessError(`${this.baseUrl}${call.path}`, 'it asks for credentials, and none are configured')
    }
    if (known?.challenge.nonce === challenge.nonce && known.challenge.realm === challenge.realm)
      throw this.#refused(call.path, first, true)
    this.#challenges.set(call.path, { challenge, uses: 0 })
    const reply = this.#authorization(call, target)
    const second = await send(reply)
    if (second.status === 401) throw this.#refused(call.path, second, true)
    return { answer: second, secrets: secretsOf([asked, reply.authorization]) }
  }

  #authorization(call: Call, uri: string): { readonly authorization?: string } {
    const known = this.#challenges.get(call.path)
    const { writer } = this.#options
    if (known === undefined || writer === undefined) return {}
    known.uses += 1
    const clientNonce = randomBytes(12).toString('hex')
    return {
      authorization: answerChallenge(known.challenge, writer, {
        method: call.method,
        uri,
        clientNonce,
        count: known.uses,
      }),
    }
  }

  /** What a 401 means depends on what was sent and what is asked for; UconDB itself asks for nothing when credentials are wrong. */
  #refused(path: string, answer: HttpAnswer, wereSent: boolean): ArchiveAccessError {
    this.#challenges.delete(path)
    const place = `${this.baseUrl}${path}`
    const asked = headerOf(answer, 'www-authenticate')
    if (asked === undefined) {
      return wereSent
        ? new ArchiveAccessError(place, 'user or password is wrong')
        : new ArchiveAccessError(place, 'it did not even ask for credentials', FRONT_END_HINT)
    }
    return parseChallenge(asked) === undefined
      ? new ArchiveAccessError(place, `it asks for '${asked.trim().split(/\s/)[0]}' authentication`, FRONT_END_HINT)
      : new ArchiveAccessError(place, 'it asks again for the credentials that were sent', FRONT_END_HINT)
  }
}

/** A server in front is overloaded or was kept waiting. */
const TRY_LATER: ReadonlySet<number> = new Set([408, 425, 429])

const FRONT_END_HINT =
  'UconDB does not answer like that; check ucon_db.server_url, ucon_db.writer_user and ucon_db.writer_password, and whether a server in front of it lets digest authentication through'

export function headerOf(answer: HttpAnswer, name: string): string | undefined {
  const value = answer.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** Everything but plain names goes into the query: UconDB does not decode paths. */
function formatQuery(query: Readonly<Record<string, string>>): string {
  const parts = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

const HINTS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'Check the host name in ucon_db.server_url, and the name service',
  EAI_AGAIN: 'Check the name service',
  ECONNREFUSED: 'Check host and port in ucon_db.server_url, and that the server is up',
  ETIMEDOUT: 'The server is slow or hangs; check it, or raise ucon_db.timeout_seconds',
  SELF_SIGNED_CERT_IN_CHAIN: 'Name the certificate authority in ucon_db.tls_ca_file',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Name the certificate in ucon_db.tls_ca_file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'Name the certificate authority in ucon_db.tls_ca_file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'Name the certificate authority in ucon_db.tls_ca_file',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another host name; use that one in ucon_db.server_url',
  CERT_HAS_EXPIRED: "The server's certificate has expired; have it renewed",
}

function transportHint(error: TransportError): string {
  return HINTS[error.code] ?? 'Check ucon_db.server_url, the network and the server; what was archived is not harmed'
}
