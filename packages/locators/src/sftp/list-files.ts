import { posix } from 'node:path'
import picomatch from 'picomatch'
import type { SftpConnection } from './connection.js'
import { type DateFilter, makeDateFilter } from './name-date.js'
import { type FileVersion, SftpPathError } from './sftp-errors.js'

/** Files of a directory. */
export interface DirectorySource {
  /** Relative to where a login begins, or absolute. */
  readonly directory: string
  /**
   * Shell patterns (`*.txt`, `20??/*.zip`, `{a,b}*`), matched with the path below the directory; one without `/` with the name alone. A `*` takes no
   * leading dot. @default ['*']
   */
  readonly patterns?: readonly string[] | undefined
  /** Also what is in directories below it; links to directories are not followed. @default false */
  readonly recursive?: boolean | undefined
  /** By the date in the name of the file. */
  readonly dates?: DateFilter | undefined
}

/** One file. */
export interface FileSource {
  readonly file: string
  /** Not there is no failure. @default false */
  readonly optional?: boolean | undefined
}

export type SftpSource = DirectorySource | FileSource

export interface SftpSort {
  /** @default 'path' */
  readonly by?: 'path' | 'mtime' | 'size' | undefined
  /** @default false */
  readonly reverse?: boolean | undefined
}

/** A file as it was when it was listed. */
export interface ListedFile extends FileVersion {
  /** As it is asked for. */
  readonly path: string
}

/** Checked once, used for every listing. */
export interface FileLister {
  list(connection: SftpConnection): Promise<ListedFile[]>
}

/**
 * Lists all sources, each file once, in order. Attributes come with the listing, without a question per file.
 *
 * @throws TypeError or RangeError for sources that cannot be meant
 */
export function makeFileLister(sources: readonly SftpSource[], sort: SftpSort = {}): FileLister {
  if (sources.length === 0) throw new TypeError("'sources' must name a directory or a file")
  const listers = sources.map((source) => ('file' in source ? fileLister(source) : directoryLister(source)))
  const compare = comparison(sort)
  return {
    list: async (connection) => {
      const found = new Map<string, ListedFile>()
      for (const list of listers) for (const file of await list(connection)) found.set(file.path, file)
      return [...found.values()].sort(compare)
    },
  }
}

type List = (connection: SftpConnection) => Promise<ListedFile[]>

function fileLister({ file, optional = false }: FileSource): List {
  const path = cleanPath('file', file)
  return async (connection) => {
    const stat = await (optional ? unlessGone(connection.stat(path)) : connection.stat(path))
    if (stat === undefined) return []
    if (stat.kind !== 'file') throw new SftpPathError('read the file', path, 'unsupported')
    return [{ path, size: stat.size, mtimeMs: stat.mtimeMs }]
  }
}

function directoryLister({ directory, patterns = ['*'], recursive = false, dates }: DirectorySource): List {
  const top = cleanPath('directory', directory)
  if (patterns.length === 0 || patterns.includes('')) throw new TypeError("'patterns' must hold patterns, not ''")
  if (!recursive && patterns.some((pattern) => pattern.includes('/'))) {
    throw new TypeError(`A pattern with '/' needs 'recursive' (${patterns.join(', ')})`)
  }
  const matchers = patterns.map((pattern) => picomatch(pattern, { posix: true, basename: !pattern.includes('/') }))
  const hasDate = dates === undefined ? () => true : makeDateFilter(dates)
  const isWanted = (below: string): boolean =>
    hasDate(posix.basename(below)) && matchers.some((matches) => matches(below))
  return async (connection) => {
    const files: ListedFile[] = []
    const folders = ['']
    for (const folder of folders) {
      const listing = connection.list(join(top, folder))
      // A directory that was there a moment ago may go; the one that was asked for may not.
      for (const entry of (await (folder === '' ? listing : unlessGone(listing))) ?? []) {
        const below = folder === '' ? entry.name : `${folder}/${entry.name}`
        const path = join(top, below)
        if (!isName(entry.name)) throw new SftpPathError('be trusted with the name', path, 'unsupported')
        if (entry.kind === 'directory') {
          if (recursive) folders.push(below)
          continue
        }
        if (entry.kind === 'other' || !isWanted(below)) continue
        const file = entry.kind === 'file' ? entry : await unlessGone(connection.stat(path))
        if (file?.kind === 'file') files.push({ path, size: file.size, mtimeMs: file.mtimeMs })
      }
    }
    return files
  }
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof SftpPathError && error.status === 'no-such-file') return undefined
    throw error
  }
}

/** What a server must never list, since it would lead elsewhere. */
function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)
}

function cleanPath(option: string, path: string): string {
  if (path === '' || path.includes('\0')) throw new TypeError(`'${option}' must be a path, not ${JSON.stringify(path)}`)
  return posix.normalize(path).replace(/(?<=.)\/$/, '')
}

function join(top: string, below: string): string {
  if (below === '') return top
  if (top === '.') return below
  return top.endsWith('/') ? `${top}${below}` : `${top}/${below}`
}

function comparison({ by = 'path', reverse = false }: SftpSort): (a: ListedFile, b: ListedFile) => number {
  const sign = reverse ? -1 : 1
  const byPath = (a: ListedFile, b: ListedFile): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
  if (by === 'path') return (a, b) => sign * byPath(a, b)
  const field = by === 'mtime' ? 'mtimeMs' : 'size'
  return (a, b) => sign * (a[field] - b[field] || byPath(a, b))
}
