import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BundleRequest } from '@holdfast/fetcher'

export const REQUEST: BundleRequest = {
  source: 'fr-api',
  id: 'GET https://api.example/siren?page=1',
  name: 'https://api.example/siren?page=1',
  folders: ['2026-11-21'],
}

export async function* bytes(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

/** Gives the parts, then fails as a connection that breaks off. */
export async function* cut(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
  throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** All files below a folder with their content, apart from those of the staging folder. */
export function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((name) => !name.startsWith('.staging/'))
    .sort()
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

/** What is in the staging folder, apart from the lock. */
export function staged(folder: string): string[] {
  return readdirSync(join(folder, '.staging')).filter((name) => name !== 'lock')
}
