import { stat } from 'node:fs/promises'
import { errorCode, readTextFile } from '@holdfast/atomic-file'
import { parseDocument } from 'yaml'
import { CredentialsError } from '../errors.js'

type Environment = Readonly<Record<string, string | undefined>>

/** The variable that holds a credential. @example variableOf('fr-api', 'api_key') === 'OC_CREDENTIAL_FR_API_API_KEY' */
export function variableOf(fetcher: string, name: string): string {
  return `OC_CREDENTIAL_${fetcher}_${name}`.replace(/[^A-Za-z0-9]/g, '_').toUpperCase()
}

/**
 * Credentials of one fetcher: from the environment, else from a file that only its owner can read. They are looked up when they are needed, kept in memory
 * only, and `hide` takes them out of whatever is to be shown or stored.
 */
export class Credentials {
  readonly #fetcher: string
  readonly #env: Environment
  readonly #path: string | undefined
  readonly #given: Set<string> = new Set()
  #file: Promise<ReadonlyMap<string, string>> | undefined

  constructor(fetcher: string, env: Environment, path: string | undefined) {
    this.#fetcher = fetcher
    this.#env = env
    this.#path = path
  }

  /** @throws CredentialsError */
  async get(name: string): Promise<string> {
    const variable = variableOf(this.#fetcher, name)
    const value = this.#env[variable] || (await this.#readFile()).get(name)
    if (value === undefined || value === '') {
      const other = this.#path === undefined ? 'or in a file that credentials_file names' : `or in '${this.#path}'`
      throw new CredentialsError(
        `The credential '${name}' of '${this.#fetcher}' is missing`,
        `Set it in the environment as ${variable}, ${other} as '${name}: …'`,
      )
    }
    this.#given.add(value)
    return value
  }

  /** All that was given out so far. */
  get given(): readonly string[] {
    return [...this.#given]
  }

  /** The text without any credential that was given out. */
  hide(text: string): string {
    let shown = text
    for (const secret of this.#given) {
      for (const form of new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])) {
        if (form.length >= SHORTEST_HIDDEN) shown = shown.replaceAll(form, '***')
      }
    }
    return shown
  }

  #readFile(): Promise<ReadonlyMap<string, string>> {
    this.#file ??= this.#path === undefined ? Promise.resolve(new Map()) : readCredentialsFile(this.#path)
    return this.#file
  }
}

/** Shorter ones would take ordinary text apart. */
const SHORTEST_HIDDEN = 4

async function readCredentialsFile(path: string): Promise<ReadonlyMap<string, string>> {
  const { mode, source } = await read(path)
  if ((mode & 0o077) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, '0')
    throw new CredentialsError(
      `Others can read the credentials in '${path}' (mode ${shown})`,
      `Run: chmod 600 '${path}'`,
    )
  }
  const document = parseDocument(source, { prettyErrors: false })
  const content: unknown = document.errors.length > 0 ? undefined : document.toJS()
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new CredentialsError(`The credentials in '${path}' cannot be read`, "Write one per line, as 'name: value'")
  }
  const entries = Object.entries(content).map(([name, value]): [string, string] => {
    if (typeof value === 'string') return [name, value]
    throw new CredentialsError(`The credential '${name}' in '${path}' is no text`, 'Put it in quotes')
  })
  return new Map(entries)
}

async function read(path: string): Promise<{ readonly mode: number; readonly source: string }> {
  try {
    return { mode: (await stat(path)).mode, source: await readTextFile(path) }
  } catch (cause) {
    const reason = errorCode(cause) === 'ENOENT' ? 'there is no such file' : `it cannot be read (${errorCode(cause)})`
    throw new CredentialsError(
      `No credentials in '${path}': ${reason}`,
      "Make it, with mode 0600 and lines 'name: value'",
      {
        cause,
      },
    )
  }
}
