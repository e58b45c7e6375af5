import { createHash } from 'node:crypto'
import { localName } from '@holdfast/locators'
import type { BundleRequest } from './bundle-store.js'
import { withoutSecrets } from './without-secrets.js'

const KEY_DIGITS = 24
const LABEL_LENGTH = 60

export interface BundlePlace {
  /** Identifies the bundle in its store: 96 bits of a hash of source and request. */
  readonly key: string
  /** `<source>/<folders>/<label>-<key>`, relative. */
  readonly path: string
}

/**
 * Where the bundle of a request is: the same for the same request, and another for any other. The label is there for people; the key tells bundles apart.
 *
 * @example placeOf({ source: 'us-fl', id: 'x', name: 'doc/cor/20250829c.txt', folders: ['2025-08-29'] }, []).path // 'us-fl/2025-08-29/20250829c.txt-<key>'
 */
export function placeOf(request: BundleRequest, secrets: readonly string[]): BundlePlace {
  const key = createHash('sha256')
    .update(JSON.stringify([request.source, request.id]))
    .digest('hex')
    .slice(0, KEY_DIGITS)
  const folders = request.folders ?? [key.slice(0, 2)]
  const path = [request.source, ...folders, `${labelOf(withoutSecrets(request.name, secrets))}-${key}`]
    .map(segment)
    .join('/')
  return { key, path }
}

/** A slash in a segment is not a folder. */
function segment(text: string): string {
  return localName(text.replaceAll('/', '_'))
}

/** The last part of the name that says something, in harmless characters. */
function labelOf(name: string): string {
  const path = name.replace(/[?#].*$/s, '')
  const last = path.split('/').findLast((part) => /[\p{L}\p{N}]/u.test(part)) ?? 'bundle'
  const plain = last.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^[._-]+/, '')
  return plain.slice(0, LABEL_LENGTH) || 'bundle'
}
