import type { NewResource } from '../bundle-store.js'

export type Packing = 'zip' | 'gzip'

const TYPES: ReadonlyMap<string, Packing> = new Map([
  ['application/zip', 'zip'],
  ['application/x-zip-compressed', 'zip'],
  ['application/gzip', 'gzip'],
  ['application/x-gzip', 'gzip'],
])

/**
 * Whether something is packed, by the end of its name or by its content type, and the name for what is in it: of a gzip file the name without its
 * ending, of a zip file the folder.
 */
export function packingOf(resource: NewResource): { readonly format: Packing; readonly name: string } | undefined {
  const name = resource.name ?? nameFromUrl(resource.url)
  if (/\.zip$/i.test(name)) return { format: 'zip', name }
  if (/\.t?gz$|\.gzip$/i.test(name)) return { format: 'gzip', name: withoutEnding(name) }
  const [type = ''] = (resource.contentType ?? '').split(';', 1)
  const format = TYPES.get(type.trim().toLowerCase())
  return format && { format, name }
}

function withoutEnding(name: string): string {
  const bare = name.replace(/\.tgz$/i, '.tar').replace(/\.(?:gz|gzip)$/i, '')
  return bare === '' || bare.endsWith('/') ? `${bare}content` : bare
}

function nameFromUrl(url: string): string {
  const [path = ''] = url.split(/[?#]/, 1)
  return path.split('/').findLast((part) => part !== '') ?? 'body'
}
