import { inFolder } from './target.js'

/**
 * The parts of a name below a folder, such as `content/page-1.json`. Only names that stay inside are taken: parts are separated by `/`, and none is empty,
 * `.` or `..`, or holds a NUL.
 *
 * @throws RangeError
 */
export function innerParts(name: string): readonly string[] {
  const parts = name.split('/')
  if (name.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new RangeError(`A name below the folder is needed, not ${JSON.stringify(name)}`)
  return parts
}

/** The folders above a name, outermost first: `a` and `a/b` of `a/b/c`. */
export function foldersAbove(parts: readonly string[]): readonly string[] {
  return parts.slice(0, -1).map((_part, index) => parts.slice(0, index + 1).join('/'))
}

export function innerPath(folder: string, name: string): string {
  return inFolder(folder, name)
}
