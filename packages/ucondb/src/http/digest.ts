import { createHash } from 'node:crypto'

/** What a server asks for before it accepts a write. */
export interface DigestChallenge {
  readonly realm: string
  readonly nonce: string
}

export interface DigestCredentials {
  readonly user: string
  readonly password: string
}

export interface DigestRequest {
  readonly method: string
  /** Path and query exactly as sent; commas must be encoded, because UconDB splits the header at every comma. */
  readonly uri: string
  readonly clientNonce: string
  /** 1 for the first request with this nonce. */
  readonly count: number
}

/**
 * Reads a `WWW-Authenticate` header (RFC 7616). Values in quotes may hold `=`, commas and single quotes, as UconDB's nonces do.
 *
 * @returns `undefined` when the header is absent or asks for something else.
 */
export function parseChallenge(header: string | undefined): DigestChallenge | undefined {
  const match = /^\s*digest\s+(.*)$/is.exec(header ?? '')
  if (match === null) return undefined
  const fields = new Map<string, string>()
  for (const [, name = '', quoted, bare] of (match[1] ?? '').matchAll(
    /([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi,
  )) {
    fields.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '')
  }
  const [realm, nonce] = [fields.get('realm'), fields.get('nonce')]
  return realm === undefined || nonce === undefined ? undefined : { realm, nonce }
}

/** The `Authorization` header that answers a challenge, with MD5 and quality of protection `auth`. */
export function answerChallenge(
  challenge: DigestChallenge,
  { user, password }: DigestCredentials,
  request: DigestRequest,
): string {
  const count = request.count.toString(16).padStart(8, '0')
  const secret = md5(`${user}:${challenge.realm}:${password}`)
  const what = md5(`${request.method}:${request.uri}`)
  const response = md5([secret, challenge.nonce, count, request.clientNonce, 'auth', what].join(':'))
  return [
    `Digest username="${escapeQuotes(user)}"`,
    `realm="${escapeQuotes(challenge.realm)}"`,
    `nonce="${escapeQuotes(challenge.nonce)}"`,
    `uri="${request.uri}"`,
    'qop=auth',
    `nc=${count}`,
    `cnonce="${request.clientNonce}"`,
    `response="${response}"`,
    'algorithm=MD5',
  ].join(', ')
}

/** What of these `Authorization` and `WWW-Authenticate` headers must not be shown: the whole, and the values a password could be guessed from. */
export function secretsOf(headers: readonly (string | undefined)[]): string[] {
  return headers.flatMap((header) => {
    if (header === undefined) return []
    const values = [...header.matchAll(/\b(?:nonce|cnonce|response)="([^"]+)"/gi)].map(([, value = '']) => value)
    return [header, ...values]
  })
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

function escapeQuotes(text: string): string {
  return text.replace(/["\\]/g, '\\$&')
}
