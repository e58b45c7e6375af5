import { createHash } from 'node:crypto'
import type { Content, NewResource } from './bundle-store.js'
import { BundleIncompleteError } from './errors.js'
import type { ResourceRecord } from './manifest.js'
import { withoutSecrets } from './without-secrets.js'

export interface Measured {
  readonly size: number
  readonly sha256: string
}

/** Hands every part of the content to `write`, waits for it, and tells size and hash of all. Error and end of the content are not swallowed. */
export async function measure(content: Content, write: (part: Uint8Array) => Promise<void>): Promise<Measured> {
  const hash = createHash('sha256')
  let size = 0
  for await (const part of content) {
    if (part.length === 0) continue
    hash.update(part)
    size += part.length
    await write(part)
  }
  return { size, sha256: hash.digest('hex') }
}

/** @throws BundleIncompleteError */
export function assertExpected(resource: NewResource, measured: Measured): void {
  const name = withoutSecrets(resource.name ?? resource.url)
  const { expectedSize, expectedSha256 } = resource
  if (expectedSize !== undefined && expectedSize !== measured.size) {
    const message = `'${name}' was cut: ${measured.size} of ${expectedSize} bytes arrived`
    throw new BundleIncompleteError(name, message)
  }
  if (expectedSha256 !== undefined && expectedSha256.toLowerCase() !== measured.sha256) {
    const message = `'${name}' has the SHA-256 ${measured.sha256} instead of ${expectedSha256}`
    throw new BundleIncompleteError(name, message)
  }
}

export function recordOf(
  resource: NewResource,
  name: string,
  measured: Measured,
  context: { readonly nowMs: number; readonly secrets: readonly string[] },
): ResourceRecord {
  const { status, contentType, facts, unpackedFrom } = resource
  return {
    name,
    size: measured.size,
    sha256: measured.sha256,
    url: withoutSecrets(resource.url, context.secrets),
    ...(status === undefined ? {} : { status }),
    ...(contentType === undefined ? {} : { contentType }),
    storedAt: new Date(context.nowMs).toISOString(),
    ...(facts === undefined ? {} : { facts: cleanFacts(facts, context.secrets) }),
    ...(unpackedFrom === undefined
      ? {}
      : { unpackedFrom: { ...unpackedFrom, name: withoutSecrets(unpackedFrom.name, context.secrets) } }),
  }
}

type Facts = NonNullable<NewResource['facts']>

function cleanFacts(facts: Facts, secrets: readonly string[]): Facts {
  const clean = (fact: Facts[string]): Facts[string] =>
    typeof fact === 'string' ? withoutSecrets(fact, secrets) : fact
  return Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, clean(fact)]))
}
