import { errorCode, readTextFile } from '@holdfast/atomic-file'
import { closest, distance } from 'fastest-levenshtein'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { ConfigurationError } from '../errors.js'
import { KNOWN_KEYS } from './schema.js'

/** Something wrong in a file, and where: keys and indexes from the top. */
export interface Mistake {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

export interface ReadYaml {
  readonly data: unknown
  /** One error that tells all of them, each with its line. */
  explain(mistakes: readonly Mistake[]): ConfigurationError
}

/** @throws ConfigurationError when the file cannot be read or is no YAML; nothing of its text is quoted */
export async function readYaml(path: string): Promise<ReadYaml> {
  const source = await readSource(path)
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0])
    const reason = broken.message.split('\n')[0] ?? ''
    throw new ConfigurationError(
      path,
      `Cannot read the configuration '${path}': line ${line}, column ${col}: ${reason}`,
    )
  }
  const lineOf = (keys: readonly PropertyKey[]): number => {
    for (let length = keys.length; length > 0; length -= 1) {
      const node: unknown = document.getIn(keys.slice(0, length), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  let data: unknown
  try {
    data = document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new ConfigurationError(path, `Cannot read the configuration '${path}': ${messageOf(cause)}`, { cause })
  }
  return {
    data,
    explain: (mistakes) => {
      const texts = mistakes
        .map((mistake) => ({ line: lineOf(mistake.path), text: `${formatPath(mistake.path)}: ${mistake.message}` }))
        .sort((one, other) => one.line - other.line)
        .map(({ line, text }) => `  line ${line}: ${text}`)
      const all = [...new Set(texts)]
      const count = all.length === 1 ? 'one mistake' : `${all.length} mistakes`
      return new ConfigurationError(path, [`The configuration '${path}' has ${count}:`, ...all].join('\n'))
    },
  }
}

/** In a choice between forms, what is said about the one that fits best. */
export function toMistakes(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): Mistake[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `there is no such key${suggestName(key, KNOWN_KEYS)}`,
    }))
  }
  if (issue.code !== 'invalid_union') return [{ path, message: plainer(issue.message) }]
  const best = issue.errors
    .filter((errors) => errors.every(({ code, path: inner }) => code !== 'invalid_type' || inner.length > 0))
    .sort((one, other) => one.length - other.length)[0]
  if (best === undefined) {
    const choices =
      'options' in issue && Array.isArray(issue.options) ? `one of ${issue.options.join(', ')}` : undefined
    return [{ path, message: choices === undefined ? 'has the wrong form' : `must be ${choices}` }]
  }
  return best.flatMap((inner) => toMistakes(inner, path))
}

/** `; did you mean 'name'?` for the known name that was probably meant, or nothing. */
export function suggestName(name: string, known: readonly string[]): string {
  if (known.length === 0) return ''
  const nearest = closest(name, known)
  return distance(name, nearest) <= Math.max(2, Math.floor(name.length / 3)) ? `; did you mean '${nearest}'?` : ''
}

function plainer(message: string): string {
  const text = message.replace(/^Invalid (input|option): /, '')
  return /received undefined$/.test(text) ? 'is missing' : text
}

function formatPath(path: readonly PropertyKey[]): string {
  const text = path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
    .join('')
  return text === '' ? 'the file' : text
}

async function readSource(path: string): Promise<string> {
  try {
    return await readTextFile(path)
  } catch (cause) {
    const reason = errorCode(cause) === 'ENOENT' ? 'there is no such file' : messageOf(cause)
    throw new ConfigurationError(path, `Cannot read the configuration '${path}': ${reason}`, { cause })
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
