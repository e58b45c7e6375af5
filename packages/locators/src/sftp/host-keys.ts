import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** A host key as a server shows it. */
export interface ShownHostKey {
  readonly type: string
  /** `SHA256:…` as ssh-keygen prints it. */
  readonly fingerprint: string
}

export interface HostKeys {
  /** The types to ask the server for, when all that is known has a type. */
  readonly types: readonly string[] | undefined
  accepts(key: Uint8Array): boolean
}

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}=?$/
const KEY_TYPE = /^(ssh|ecdsa|sk)-[a-z0-9@.-]+$/
const HEADER_BYTES = 4

/**
 * Reads what `hostKeys` may hold: fingerprints (`SHA256:…`), keys (`ssh-ed25519 AAAA…`), and lines of known_hosts, hashed names and `@revoked` included.
 * Lines for other hosts are left out.
 *
 * @throws TypeError for text that is none of these, or when nothing is left for this host
 */
export function parseHostKeys(texts: readonly string[], host: string, port: number): HostKeys {
  const fingerprints = new Set<string>()
  const revoked = new Set<string>()
  const types = new Set<string>()
  let typed = true
  const lines = texts.flatMap((text) => text.split(/\r?\n/)).map((line) => line.trim())
  for (const line of lines.filter((text) => text !== '' && !text.startsWith('#'))) {
    if (FINGERPRINT.test(line)) {
      fingerprints.add(line.replace(/=$/, ''))
      typed = false
      continue
    }
    const words = line.split(/\s+/)
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined
    if (marker === '@cert-authority')
      throw new TypeError('Certificates of hosts are not supported; name the key itself')
    const names = KEY_TYPE.test(words[0] ?? '') ? undefined : words.shift()
    const [type = '', base64 = ''] = words
    const key = Buffer.from(base64, 'base64')
    if (!KEY_TYPE.test(type) || typeInside(key) !== type) {
      throw new TypeError(`Expected 'SHA256:…', a key or a line of known_hosts in 'hostKeys', not '${shorten(line)}'`)
    }
    if (names !== undefined && !namesHost(names, host, port)) continue
    if (marker === '@revoked') revoked.add(fingerprintOf(key))
    else {
      fingerprints.add(fingerprintOf(key))
      types.add(type)
    }
  }
  if (fingerprints.size === 0) throw new TypeError(`No key of '${host}:${port}' is in 'hostKeys'`)
  return {
    types: typed ? [...types] : undefined,
    accepts: (key) => {
      const fingerprint = fingerprintOf(key)
      return fingerprints.has(fingerprint) && !revoked.has(fingerprint)
    },
  }
}

export function describeHostKey(key: Uint8Array): ShownHostKey {
  return { type: typeInside(Buffer.from(key)) ?? 'unknown', fingerprint: fingerprintOf(key) }
}

function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** A key in SSH's form begins with the length and the text of its type. */
function typeInside(key: Buffer): string | undefined {
  if (key.length < HEADER_BYTES) return undefined
  const length = key.readUInt32BE(0)
  return length > key.length - HEADER_BYTES ? undefined : key.toString('latin1', HEADER_BYTES, HEADER_BYTES + length)
}

/** known_hosts writes a port other than 22 as `[host]:port`. */
function namesHost(names: string, host: string, port: number): boolean {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
  if (names.startsWith('|1|')) return hashedNameIs(names, name)
  const patterns = names.toLowerCase().split(',')
  if (patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1), name))) return false
  return patterns.some((pattern) => matches(pattern, name))
}

function hashedNameIs(hashed: string, name: string): boolean {
  const [, , salt = '', hash = ''] = hashed.split('|')
  const expected = Buffer.from(hash, 'base64')
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(name)
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
