/** Reads the configuration file and checks it as a whole: all mistakes are reported at once, each with its line, key and what was expected. */
import { errorCode, readTextFile } from '@holdfast/atomic-file'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { ConfigurationError } from '../errors.js'
import { type ArchiverConfig, toArchiverConfig } from './archiver-config.js'
import { expandConfiguration, isTable } from './expand.js'
import { parseGenerateList } from './generate-list.js'
import { modernizeReporting } from './legacy-reporting.js'
import { nearestName } from './nearest-name.js'
import { type ConfigurationFile, configurationSchema, KNOWN_KEYS, PATH_DEFAULTS } from './schema.js'
import { findConflicts } from './section-rules.js'

export interface LoadConfigOptions {
  /** Takes the place of `app.work_dir`; paths that refer to it follow. */
  readonly workDir?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** What relative paths in the file are relative to. */
  readonly currentDir: string
}

export interface LoadedConfig {
  readonly config: ArchiverConfig
  /** Things that work but deserve a line in the log, such as deprecated keys. */
  readonly warnings: readonly string[]
}

interface Mistake {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/**
 * @throws ConfigurationError that lists every mistake of the file.
 * @example const { config } = await loadConfig('config.yaml', { env: process.env, currentDir: process.cwd() })
 */
export async function loadConfig(path: string, options: LoadConfigOptions): Promise<LoadedConfig> {
  const source = await readConfiguration(path)
  const lines = new LineCounter()
  // The Python archiver reads YAML 1.1, where for example `yes` is true.
  const document = parseDocument(source, { lineCounter: lines, version: '1.1', prettyErrors: false })
  const [syntaxError] = document.errors
  if (syntaxError !== undefined) {
    // Without the source line, which may hold a password.
    const { line, col } = lines.linePos(syntaxError.pos[0])
    const message = `Cannot read the configuration '${path}': line ${line}, column ${col}: ${syntaxError.message.split('\n')[0]}`
    throw new ConfigurationError(path, message)
  }
  const data = toData(document, path)
  if (!isTable(data))
    throw new ConfigurationError(path, `The configuration '${path}' is empty or is not a table of sections`)

  const warnings: string[] = []
  const prepared = withPathDefaults(modernizeReporting(data, warnings), options.workDir)
  const expansion = expandConfiguration(prepared, options.env)
  const mistakes: Mistake[] = [...expansion.problems]
  const parsed = configurationSchema.safeParse(expansion.value)
  const generate = parseGenerateList(isTable(expansion.value) ? expansion.value.fhiclize_generate : undefined)
  mistakes.push(...generate.mistakes)
  if (!parsed.success) mistakes.push(...parsed.error.issues.flatMap((issue) => explainIssue(issue)))
  mistakes.push(...(await findConflicts(soundSections(expansion.value), options.currentDir, options.env)))
  if (mistakes.length > 0 || !parsed.success) throw new ConfigurationError(path, describe(mistakes))
  return { config: toArchiverConfig(parsed.data, generate.names, options.currentDir, options.env), warnings }

  function describe(all: readonly Mistake[]): string {
    const located = all
      .filter((mistake, index) => all.findIndex((other) => samePath(other.path, mistake.path)) === index)
      .map((mistake) => ({
        line: lineOf(mistake.path),
        text: `${keyOf(mistake.path)}: ${mistake.message}${unsetNote(mistake.path)}`,
      }))
      .sort((one, other) => one.line - other.line)
    const count = located.length === 1 ? 'one mistake' : `${located.length} mistakes`
    return [
      `The configuration '${path}' has ${count}:`,
      ...located.map(({ line, text }) => `  line ${line}: ${text}`),
    ].join('\n')
  }

  function lineOf(keyPath: readonly PropertyKey[]): number {
    for (let length = keyPath.length; length > 0; length -= 1) {
      const node: unknown = document.getIn(keyPath.slice(0, length), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }

  function unsetNote(keyPath: readonly PropertyKey[]): string {
    const variable = expansion.unsetVariables.get(keyPath.join('.'))
    return variable === undefined ? '' : ` (the environment variable ${variable} is not set)`
  }
}

function toData(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigurationError(path, `Cannot read the configuration '${path}': ${reason}`, { cause })
  }
}

/** The sections without a mistake of their own, so that rules between keys can be checked in spite of mistakes elsewhere. */
function soundSections(value: unknown): Partial<ConfigurationFile> {
  const sound: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(configurationSchema.out.shape)) {
    const parsed = schema.safeParse(isTable(value) ? value[name] : undefined)
    if (parsed.success) sound[name] = parsed.data
  }
  return sound
}

async function readConfiguration(path: string): Promise<string> {
  try {
    return await readTextFile(path)
  } catch (error) {
    const reason =
      errorCode(error) === 'ENOENT' ? 'there is no such file' : error instanceof Error ? error.message : String(error)
    throw new ConfigurationError(path, `Cannot read the configuration '${path}': ${reason}`, { cause: error })
  }
}

function withPathDefaults(data: Record<string, unknown>, workDir: string | undefined): Record<string, unknown> {
  if (data.app !== undefined && data.app !== null && !isTable(data.app)) return data
  const given = Object.entries(isTable(data.app) ? data.app : {}).filter(([, value]) => value !== null)
  const app: Record<string, unknown> = { ...PATH_DEFAULTS, ...Object.fromEntries(given) }
  if (workDir !== undefined) app.work_dir = workDir
  return { ...data, app }
}

interface SchemaIssue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
}

function explainIssue(issue: SchemaIssue): Mistake[] {
  if (issue.code !== 'unrecognized_keys') {
    const message = issue.code === 'custom' ? issue.message : 'expected a table of keys and values'
    return [{ path: issue.path, message }]
  }
  return (issue.keys ?? []).map((key) => {
    const nearest = nearestName(key, KNOWN_KEYS[issue.path.join('.')] ?? [])
    return {
      path: [...issue.path, key],
      message: `there is no such key${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`,
    }
  })
}

function keyOf(path: readonly PropertyKey[]): string {
  return path.map(String).join('.')
}

function samePath(one: readonly PropertyKey[], other: readonly PropertyKey[]): boolean {
  return keyOf(one) === keyOf(other)
}
