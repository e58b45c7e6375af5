import { createHash } from 'node:crypto'
import { extname } from 'node:path/posix'
import { localName } from '@holdfast/locators'
import type { NewResource } from './bundle-store.js'
import { withoutSecrets } from './without-secrets.js'

// Names that Windows takes for devices, whatever extension they have.
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i

/**
 * Gives every resource of a bundle a name below which nothing escapes (see `localName`), and that is nobody else's: also not on a file system that takes
 * different letter cases for the same, nor as a folder of another. Who would collide gets a hash of where it came from.
 */
export class ResourceNames {
  readonly #files: Map<string, string> = new Map()
  readonly #folders: Map<string, number> = new Map()

  readonly #secrets: readonly string[]
  readonly #mostBytes: number

  /** @param mostBytes Longer names become a hash. */
  constructor(secrets: readonly string[], mostBytes: number | undefined) {
    this.#secrets = secrets
    this.#mostBytes = mostBytes ?? Number.POSITIVE_INFINITY
  }

  /** @throws Error when a resource with the same URL and name is being added at the moment */
  take(resource: NewResource): string {
    const key = keyOf(resource)
    const plain = safeName(withoutSecrets(resource.name ?? nameFromUrl(resource.url), this.#secrets))
    const digest = createHash('sha256').update(key).digest('hex')
    const candidates = [plain, withHash(plain, digest.slice(0, 8)), digest].filter(
      (name) => Buffer.byteLength(name) <= this.#mostBytes,
    )
    for (const name of candidates) {
      if (this.#files.get(fold(name)) === key)
        throw new Error(`'${resource.name ?? resource.url}' is being added already`)
      if (!this.#isFree(name)) continue
      this.#files.set(fold(name), key)
      for (const folder of foldersOf(name)) this.#folders.set(folder, (this.#folders.get(folder) ?? 0) + 1)
      return name
    }
    throw new Error(`There is no name left for '${resource.name ?? resource.url}'`)
  }

  release(name: string): void {
    if (!this.#files.delete(fold(name))) return
    for (const folder of foldersOf(name)) {
      const left = (this.#folders.get(folder) ?? 0) - 1
      if (left > 0) this.#folders.set(folder, left)
      else this.#folders.delete(folder)
    }
  }

  #isFree(name: string): boolean {
    const folded = fold(name)
    return !this.#files.has(folded) && !this.#folders.has(folded) && !foldersOf(name).some((f) => this.#files.has(f))
  }
}

/** The same resource has the same; it is what a repeated `add` replaces. */
export function keyOf(resource: NewResource): string {
  return JSON.stringify([resource.url, resource.name ?? null])
}

function safeName(name: string): string {
  return localName(name.normalize('NFC').toWellFormed())
    .split('/')
    .map((part) => (DEVICE.test(part) ? `_${part}` : part))
    .join('/')
}

function nameFromUrl(url: string): string {
  const [path = ''] = url.split(/[?#]/, 1)
  const withoutHost = path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
  return withoutHost.split('/').findLast((part) => part !== '') ?? 'body'
}

function withHash(name: string, hash: string): string {
  const extension = extname(name)
  // A long ending is none.
  return extension.length > 12
    ? `${name}-${hash}`
    : `${name.slice(0, name.length - extension.length)}-${hash}${extension}`
}

/** Equal for names that some file system may take for the same; more names than that may be. */
function fold(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase()
}

function foldersOf(name: string): string[] {
  const parts = fold(name).split('/')
  return parts.slice(0, -1).map((_part, index) => parts.slice(0, index + 1).join('/'))
}
