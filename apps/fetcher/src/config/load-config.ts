/** Finds a fetcher's configuration by its name and checks it as a whole: all mistakes are told at once, each with its line. */
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCode } from '@holdfast/atomic-file'
import { ConfigurationError, UnknownFetcherError } from '../errors.js'
import { Credentials } from './credentials.js'
import { findMistakes } from './find-mistakes.js'
import { type Mistake, readYaml, suggestName, toMistakes } from './read-yaml.js'
import { configurationSchema, type FileContent } from './schema.js'

export type Environment = Readonly<Record<string, string | undefined>>

export interface ConfigPlace {
  /** Searched first. @default the variable FETCHER_CONFIG_DIR, else `fetchers` in the current folder */
  readonly configDir?: string | undefined
  readonly env: Environment
  /** What relative paths are relative to. */
  readonly currentDir: string
}

export interface FetcherConfig extends FileContent {
  readonly name: string
  /** The file it came from. */
  readonly path: string
  readonly credentials: Credentials
}

export interface FoundConfig {
  readonly name: string
  readonly path: string
  /** Comes with the package. */
  readonly isBuiltIn: boolean
}

/** @throws UnknownFetcherError, ConfigurationError */
export async function loadConfig(name: string, place: ConfigPlace): Promise<FetcherConfig> {
  const known = await findConfigs(place)
  const found = known.find((each) => each.name === name)
  if (found === undefined) {
    const names = known.map((each) => each.name)
    throw new UnknownFetcherError(name, names, suggestName(name, names))
  }
  const content = await readConfig(found.path)
  const path = content.credentials_file ?? place.env.OC_CREDENTIALS_FILE
  const file = path === undefined || path === '' ? undefined : atPath(path, place)
  return { ...content, name, path: found.path, credentials: new Credentials(name, place.env, file) }
}

/** All there are, by name; one in the folder hides a built-in one of the same name. @throws ConfigurationError when a folder that was named cannot be read */
export async function findConfigs(place: ConfigPlace): Promise<FoundConfig[]> {
  const named = place.configDir ?? (place.env.FETCHER_CONFIG_DIR || undefined)
  const own = await listFolder(resolve(place.currentDir, named ?? DEFAULT_FOLDER), named === undefined, false)
  const builtIn = await listFolder(fileURLToPath(new URL('../../configs', import.meta.url)), false, true)
  const all = new Map([...builtIn, ...own].map((each) => [each.name, each]))
  return [...all.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** `~/` is the home folder; others are relative to the current one. */
export function atPath(path: string, { currentDir, env }: Pick<ConfigPlace, 'currentDir' | 'env'>): string {
  return path.startsWith('~/') ? join(env.HOME || homedir(), path.slice(2)) : resolve(currentDir, path)
}

const DEFAULT_FOLDER = 'fetchers'
const FILE_NAME = /^([a-z0-9][a-z0-9._-]*)\.ya?ml$/i

async function listFolder(folder: string, mayBeAbsent: boolean, isBuiltIn: boolean): Promise<FoundConfig[]> {
  try {
    const names = await readdir(folder)
    return names.flatMap((file) => {
      const name = FILE_NAME.exec(file)?.[1]
      return name === undefined ? [] : [{ name, path: join(folder, file), isBuiltIn }]
    })
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT' && mayBeAbsent) return []
    const reason = errorCode(cause) === 'ENOENT' ? 'there is no such folder' : String(errorCode(cause))
    throw new ConfigurationError(folder, `Cannot read the configurations in '${folder}': ${reason}`, {
      cause,
      hint: 'Name another folder with --config-dir',
    })
  }
}

/** Checks a file without asking for credentials or touching anything. @throws ConfigurationError */
export async function readConfig(path: string): Promise<FileContent> {
  const yaml = await readYaml(path)
  const parsed = configurationSchema.safeParse(yaml.data)
  const mistakes: Mistake[] = parsed.success
    ? findMistakes(parsed.data)
    : parsed.error.issues.flatMap((issue) => toMistakes(issue))
  if (mistakes.length > 0 || !parsed.success) throw yaml.explain(mistakes)
  return parsed.data
}
