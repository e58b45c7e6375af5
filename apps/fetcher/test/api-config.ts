/** Configurations for the server of the tests; without vitest, so that the torture can use them, too. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const BIN: string = fileURLToPath(new URL('../bin/fetcher.js', import.meta.url))
export const KEY = 'k3y-that-nobody-may-see'

export function writeConfig(cwd: string, name: string, content: string): string {
  mkdirSync(join(cwd, 'fetchers'), { recursive: true })
  const path = join(cwd, 'fetchers', `${name}.yaml`)
  writeFileSync(path, content)
  return path
}

export interface ApiConfig {
  readonly origin: string
  readonly start?: string
  readonly end?: string
  readonly size?: number
  /** More lines of the locator. */
  readonly locator?: readonly string[]
  /** More lines of the file. */
  readonly top?: readonly string[]
}

/** Like the one that comes with the package, for a server of the tests. */
export function apiConfig({
  origin,
  start: first = '2025-03-01',
  end = '2025-03-04',
  size = 2,
  ...more
}: ApiConfig): string {
  return [
    ...(more.top ?? []),
    'locators:',
    '  - type: api',
    '    prefix: fr_siren_provider',
    `    url: ${origin}/siren`,
    `    query: { q: "dateDernierTraitementUniteLegale:[{from}T00:00:00 TO {to}T23:59:59]", nombre: ${size} }`,
    `    windows: { start: ${first}, end: ${end} }`,
    '    paging: { type: cursor, parameter: curseur, first: "*", next: $.header.curseurSuivant }',
    '    items: $.unitesLegales',
    '    auth: { type: header, header: X-INSEE-Api-Key-Integration, credential: api_key }',
    '    http: { not_found_is_empty: true, stalled_timeout_seconds: 1 }',
    '    base_delay_seconds: 0.02',
    '    max_delay_seconds: 0.2',
    ...(more.locator ?? []).map((line) => `    ${line}`),
    '',
  ].join('\n')
}

export function daysFrom(first: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) =>
    new Date(Date.parse(first) + n * 86_400_000).toISOString().slice(0, 10),
  )
}
