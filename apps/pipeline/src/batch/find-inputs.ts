import { glob, readdir, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { InputError } from '../errors.js'
import { compareNaturally } from '../files/find-files.js'

const MAGIC = /[*?[\]{}()]/

/**
 * The files that are meant: a file itself, of a folder the files in it (those that begin with a dot, and folders, aside), of a glob what matches. Absolute,
 * each once, in the order given, and in natural order where one name stands for several.
 *
 * @throws InputError for a name that stands for nothing
 */
export async function findInputs(names: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const name of names) {
    const files = await filesOf(name)
    if (files.length === 0) throw new InputError(`No file matches the input '${name}'`)
    found.push(...files.sort(compareNaturally))
  }
  return [...new Set(found)]
}

async function filesOf(name: string): Promise<string[]> {
  const path = resolve(name)
  const kind = await kindOf(path)
  if (kind === 'file') return [path]
  if (kind === 'folder') {
    const entries = await readdir(path, { withFileTypes: true })
    const names = entries.filter((entry) => !entry.name.startsWith('.')).map((entry) => resolve(path, entry.name))
    return keepFiles(names)
  }
  if (!MAGIC.test(name)) throw new InputError(`The input '${name}' is not there`)
  const matches: string[] = []
  for await (const match of glob(name)) matches.push(resolve(match))
  return keepFiles(matches)
}

async function keepFiles(paths: readonly string[]): Promise<string[]> {
  const kinds = await Promise.all(paths.map(kindOf))
  return paths.filter((_, index) => kinds[index] === 'file')
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    const found = await stat(path)
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : undefined
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}
