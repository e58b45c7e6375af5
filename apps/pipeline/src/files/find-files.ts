import { glob, lstat, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { AttemptError } from '../errors.js'
import { expand, expandOne, type Lookup } from '../variables.js'

const MAGIC = /[*?[\]{}()\\]/g

/** Compares names as people count: `chunk_9` before `chunk_10`. */
export function compareNaturally(one: string, other: string): number {
  return COLLATOR.compare(one, other) || (one < other ? -1 : one > other ? 1 : 0)
}

const COLLATOR = new Intl.Collator('en', { numeric: true })

/** Whether a text of the definition can stand for any number of files; what its variables hold is never taken for a pattern. */
export function isPattern(template: string): boolean {
  return template.replaceAll(/\$?\$\{[^}]*\}/g, '').search(MAGIC) !== -1
}

/**
 * The files that a text of the definition stands for, as absolute paths: those that match a pattern, in natural order; otherwise the paths as they are,
 * whether they exist or not.
 *
 * @throws RangeError for a variable that does not exist; AttemptError for a match that cannot be a file: a link that leads nowhere, a name that is not UTF-8
 */
export async function findFiles(
  template: string,
  lookup: Lookup,
  folder: string,
  { skipsBroken = false }: FindOptions = {},
): Promise<string[]> {
  if (!isPattern(template)) return expand(template, lookup).map((path) => resolve(folder, path))
  const segments = template.split('/')
  const first = segments.findIndex(isPattern)
  // The folders before the pattern are taken as they are: not every character can be escaped in a pattern.
  const cwd = first === 0 ? folder : resolve(folder, expandOne(segments.slice(0, first).join('/') || '/', lookup))
  const rest = segments.slice(first).join('/')
  const blurred: string[] = []
  const escaped: Lookup = (name) =>
    lookup(name)?.map((value) => {
      if (/[{}\\]/.test(value)) blurred.push(value)
      return value.replaceAll(MAGIC, (char) => ('{}\\'.includes(char) ? '?' : `[${char}]`))
    })
  const found: string[] = []
  for (const pattern of expand(rest, escaped)) {
    for await (const path of glob(pattern, { cwd })) {
      const absolute = resolve(cwd, path)
      if (blurred.every((value) => path.includes(value)) && (await isFile(absolute, skipsBroken))) found.push(absolute)
    }
  }
  return [...new Set(found)].sort(compareNaturally)
}

/** The path as the state keeps it: relative to the folder of the state with `/`, if it lies in there; otherwise absolute. */
export function toRecordedPath(path: string, folder: string): string {
  const inside = relative(folder, path)
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? path : inside.split(sep).join('/')
}

export interface FindOptions {
  /** Passes over matches that cannot be files. @default false: what is left out would be lost */
  readonly skipsBroken?: boolean
}

/** `false` for what is no file, and for what was removed meanwhile. @throws AttemptError unless such matches are passed over */
async function isFile(path: string, skipsBroken: boolean): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
  if (skipsBroken) return false
  const isLink = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => undefined,
  )
  if (isLink === true) throw new AttemptError('MissingInput', `The link '${path}' leads nowhere`)
  if (isLink === undefined && path.includes('\u{fffd}'))
    throw new AttemptError('MissingInput', `The name of a file is not UTF-8; rename it: '${path}'`)
  return false
}
