import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from '@holdfast/testkit'

export const BIN: string = fileURLToPath(new URL('../bin/fetcher.js', import.meta.url))
export const KEY = 'k3y-that-nobody-may-see'

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Place {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** The real command in a process of its own. */
export function start(place: Place, ...args: readonly string[]): Child {
  const env = { OC_CREDENTIAL_FR_API_API_KEY: KEY, TZ: 'UTC', NO_COLOR: '1', ...place.env }
  return startChild(BIN, { args, cwd: place.cwd, env, deadlineMs: 60_000 })
}

export async function fetcher(place: Place, ...args: readonly string[]): Promise<Finished> {
  const child = start(place, ...args)
  const { code } = await child.exited
  return { code, stdout: child.stdout(), stderr: child.stderr() }
}

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

/** Every file below a folder, as text; what is written at the moment may be left out. */
export function filesBelow(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  if (!existsSync(folder)) return files
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    try {
      if (statSync(path).isFile()) files.set(path, readFileSync(path))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  return files
}

/** What is stored: one entry per completed bundle with the bytes of its only resource. */
export function bundlesIn(cwd: string): Buffer[] {
  const files = filesBelow(join(cwd, 'fetched'))
  const completed = [...files.keys()].filter((path) => path.endsWith('/completed.json') && !path.includes('/.staging/'))
  return completed.flatMap((path) => {
    const content = path.replace(/completed\.json$/, 'content/')
    return [...files].filter(([file]) => file.startsWith(content)).map(([, bytes]) => bytes)
  })
}

/** The companies of all stored pages, in no order. */
export function sirensIn(cwd: string): string[] {
  return bundlesIn(cwd).flatMap((bytes) => {
    const page = JSON.parse(bytes.toString()) as { unitesLegales: { siren: string }[] }
    return page.unitesLegales.map(({ siren }) => siren)
  })
}

export function daysFrom(first: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) =>
    new Date(Date.parse(first) + n * 86_400_000).toISOString().slice(0, 10),
  )
}
