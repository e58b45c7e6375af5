import { glob, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
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
 * @throws RangeError for a variable that does not exist
 */
export async function findFiles(template: string, lookup: Lookup, folder: string): Promise<string[]> {
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
      if (blurred.every((value) => path.includes(value)) && (await isFile(absolute))) found.push(absolute)
    }
  }
  return [...new Set(found)].sort(compareNaturally)
}

/** The path as the state keeps it: relative to the folder of the state with `/`, if it lies in there; otherwise absolute. */
export function toRecordedPath(path: string, folder: string): string {
  const inside = relative(folder, path)
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? path : inside.split(sep).join('/')
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}
