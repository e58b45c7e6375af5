import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from '@holdfast/testkit'
import { apiConfig, BIN, daysFrom, KEY, writeConfig } from './api-config.js'

export { apiConfig, BIN, daysFrom, KEY, writeConfig }

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
