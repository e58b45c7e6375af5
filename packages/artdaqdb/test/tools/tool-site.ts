import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type OpenRunDatabaseOptions, openRunDatabase, type RunDatabase, type ToolOptions } from '@holdfast/artdaqdb'
import { onTestFinished } from 'vitest'
import { serveTools } from '../fixtures/tools/serve.mjs'

const TOOLS = fileURLToPath(new URL('../fixtures/tools', import.meta.url))

export const MONGO_URI = 'mongodb://daq:s3cr%40t@db01:27017/archive?replicaSet=rs0'

export interface Call {
  readonly tool: string
  readonly pid: number
  readonly kind: 'args' | 'uri'
  readonly text: string
}

/** A folder in which the stand-ins for the site's tools keep a database, and what tells them to misbehave. */
export interface ToolSite {
  readonly env: Readonly<Record<string, string>>
  readonly tempDir: string
  readonly remoteTempDir: string
  readonly warnings: string[]
  open(tools?: Partial<ToolOptions>, options?: Partial<OpenRunDatabaseOptions>): Promise<RunDatabase>
  /** Makes a tool misbehave; see fake-database.mjs. */
  ask(behaviour: string, value?: string): void
  calls(tool?: string): Call[]
  /** Process ids that a hanging tool has announced. */
  hanging(): Promise<number[]>
  documents(): { collection: string; entity: string; configuration: string }[]
  store(documents: readonly { name: string; value: object }[]): void
}

export function makeToolSite(dir: string): ToolSite {
  const control = join(dir, 'control')
  const tempDir = join(dir, 'tmp')
  const remoteTempDir = join(control, 'remote-tmp')
  for (const folder of [control, tempDir, remoteTempDir]) mkdirSync(folder, { recursive: true })
  onTestFinished(serveTools(control))
  const warnings: string[] = []
  const path = [TOOLS, dirname(process.execPath), process.env.PATH ?? ''].join(delimiter)
  const env = { PATH: path, HOME: dir, FAKE_TOOLS_DIR: control, ARTDAQ_DATABASE_CONFDIR: `${dir}/conf` }
  const mongo = join(control, 'mongo')
  const site: ToolSite = {
    env,
    tempDir,
    remoteTempDir,
    warnings,
    async open(tools = {}, options = {}) {
      const logger = { warn: (message: string) => void warnings.push(message) }
      const database = await openRunDatabase(
        { uri: MONGO_URI, tools: { env, tempDir, graceMs: 300, ...tools }, ...options },
        { logger },
      )
      onTestFinished(() => database.close())
      return database
    },
    ask: (behaviour, value = '1') => writeFileSync(join(control, behaviour), value),
    calls(tool) {
      const log = join(control, 'calls.log')
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
      return lines.map((line) => JSON.parse(line) as Call).filter((call) => tool === undefined || call.tool === tool)
    },
    async hanging() {
      const announced = join(control, 'hanging')
      for (let tries = 0; tries < 500 && !existsSync(announced); tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return JSON.parse(readFileSync(announced, 'utf8')) as number[]
    },
    documents: () =>
      (existsSync(mongo) ? readdirSync(mongo) : []).map((name) => JSON.parse(readFileSync(join(mongo, name), 'utf8'))),
    store(documents) {
      mkdirSync(mongo, { recursive: true })
      for (const { name, value } of documents) writeFileSync(join(mongo, name), JSON.stringify(value))
    },
  }
  return site
}

/** Whether a process is at work; one that has ended and waits for its parent is not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** All that the call left in the folders for temporary files. */
export function leftovers(site: ToolSite): string[] {
  return [site.tempDir, site.remoteTempDir]
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.includes('holdfast-artdaqdb-'))
}
