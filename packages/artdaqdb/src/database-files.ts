/**
 * Names of the files of one database, and the only way they are read. Nothing in the database folder is followed out of it: a symbolic link
 * is refused wherever a file or folder of the database is expected.
 */
import { closeSync, constants, fstatSync, openSync, read } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import type { Collection } from './collections.js'
import { UnsafeNameError } from './errors.js'

export class DatabaseFiles {
  /** The database folder. */
  readonly root: string
  readonly lock: string
  readonly journal: string
  readonly metadata: string

  constructor(root: string) {
    this.root = root
    // Dot files in the root are not seen by the original tools, which take every file in a collection for a document.
    this.lock = join(root, '.holdfast.lock')
    this.journal = join(root, '.holdfast.journal')
    this.metadata = join(root, 'SystemMetadata')
  }

  collection(collection: Collection): string {
    return join(this.root, collection)
  }

  index(collection: Collection): string {
    return join(this.root, collection, 'index.json')
  }

  document(collection: Collection, oid: string): string {
    return join(this.root, collection, `${oid}.json`)
  }

  /** Where a file that cannot be used is moved to: into the root, where no program looks for documents. */
  setAside(path: string, epochMs: number): string {
    const name = relative(this.root, path)
      .replaceAll('/', '-')
      .replace(/^\.holdfast\./, '')
    return join(this.root, `.holdfast.corrupt-${new Date(epochMs).toISOString().replace(/[-:.]/g, '')}-${name}`)
  }
}

/** The bytes of a regular file from `position` on, `undefined` when there is none. @throws UnsafeNameError for a symbolic link */
export async function readBytes(path: string, position = 0): Promise<Buffer | undefined> {
  let file: number
  try {
    // Opening and closing take less time than asking the thread pool to do it. Opening a pipe must not wait for its writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    if (errorCode(error) === 'ELOOP') throw linkRefused(path)
    throw error
  }
  try {
    const status = fstatSync(file)
    if (!status.isFile()) throw new UnsafeNameError('path', path, 'it is not a regular file')
    const bytes = Buffer.allocUnsafe(Math.max(0, status.size - position))
    let length = 0
    while (length < bytes.length) {
      const bytesRead = await readAt(file, bytes, length, position + length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return bytes.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

function readAt(file: number, bytes: Buffer, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, bytes, offset, bytes.length - offset, position, (error, bytesRead) => {
      if (error === null) resolve(bytesRead)
      else reject(error)
    })
  })
}

/** What tells one state of a file from another (first part: one file from another); `undefined` when there is no file. @throws UnsafeNameError for a symbolic link */
export async function fileSignature(path: string): Promise<string | undefined> {
  try {
    const status = await lstat(path, { bigint: true })
    if (status.isSymbolicLink()) throw linkRefused(path)
    return `${status.ino}-${status.birthtimeNs}.${status.size}.${status.mtimeNs}.${status.ctimeNs}`
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Whether a folder is there. @throws UnsafeNameError for a symbolic link or anything else with its name */
export async function folderExists(path: string): Promise<boolean> {
  try {
    const status = await lstat(path)
    if (status.isSymbolicLink()) throw linkRefused(path)
    if (!status.isDirectory()) throw new UnsafeNameError('path', path, 'it is not a folder')
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

/** Names in a folder, sorted; none when the folder is missing. */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

function linkRefused(path: string): UnsafeNameError {
  return new UnsafeNameError('path', path, 'it is a symbolic link, which could lead out of the database')
}
