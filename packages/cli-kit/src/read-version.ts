import { readFileSync } from 'node:fs'

/** The version in a package.json. @example readVersion(new URL('../package.json', import.meta.url)) */
export function readVersion(manifest: URL): string {
  const content: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  return typeof content === 'object' && content !== null && 'version' in content ? String(content.version) : 'unknown'
}
