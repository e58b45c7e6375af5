import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Site } from './site.js'

const TOOLS_URL = new URL('test/fixtures/tools/', import.meta.resolve('@holdfast/artdaqdb/package.json'))
const TOOLS = fileURLToPath(TOOLS_URL).replace(/\/$/, '')
const { serveTools }: { serveTools: (control: string) => () => void } = await import(
  new URL('serve.mjs', TOOLS_URL).href
)

/** Stand-ins for the site's own programs beside a site; an `archiver.env` leads to them, as it would to the real ones. */
export interface SiteWithTools {
  /** Makes a tool misbehave. */
  ask(behaviour: string, value?: string): void
  stopAsking(behaviour: string): void
  documents(): { readonly configuration: string; readonly entity: string }[]
  /** Process ids that a hanging tool announces. */
  hanging(): Promise<number[]>
  calls(): string
}

export const TOOLS_URI = 'mongodb://daq:s3cr%40t@db01:27017/archive'

export function useTools(site: Site, settings: Readonly<Record<string, string | number>> = {}): SiteWithTools {
  const control = join(site.dir, 'control')
  const mongo = join(control, 'mongo')
  for (const folder of [control, join(control, 'remote-tmp')]) mkdirSync(folder, { recursive: true })
  onTestFinished(serveTools(control))
  const path = [TOOLS, dirname(process.execPath), process.env.PATH ?? ''].join(delimiter)
  writeFileSync(join(site.dir, 'archiver.env'), `PATH=${path}\nFAKE_TOOLS_DIR=${control}\nDB_URI=${TOOLS_URI}\n`)
  const lines = Object.entries({ use_tools: true, ...settings }).map(([key, value]) => `  ${key}: ${value}\n`)
  const configuration = readFileSync(site.configPath, 'utf8')
  writeFileSync(
    site.configPath,
    configuration.replace(/ {2}database_uri: .*\n/, `  database_uri: \${DB_URI}\n${lines.join('')}`),
  )
  const waitFor = async (file: string): Promise<string> => {
    for (let tries = 0; tries < 500 && !existsSync(file); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return readFileSync(file, 'utf8')
  }
  return {
    ask: (behaviour, value = '1') => writeFileSync(join(control, behaviour), value),
    stopAsking: (behaviour) => writeFileSync(join(control, behaviour), ''),
    documents: () =>
      (existsSync(mongo) ? readdirSync(mongo) : []).map((name) => JSON.parse(readFileSync(join(mongo, name), 'utf8'))),
    hanging: async () => JSON.parse(await waitFor(join(control, 'hanging'))) as number[],
    calls: () => readFileSync(join(control, 'calls.log'), 'utf8'),
  }
}
