import { statSync } from 'node:fs'
import { errorCode } from '@holdfast/atomic-file'
import type { JsonObject } from '../json.js'
import { openForReading } from '../open-for-reading.js'
import { sha256 } from './audit-record.js'

/** Tells one file from another without reading it. `undefined` when there is none. */
export type FileIdentity = string | undefined

/** The document's file as it was read or written. */
export interface DocumentImage {
  readonly identity: FileIdentity
  /** Of the bytes; `null` when there is no file. */
  readonly sha256: string | null
  readonly bytes: number
  readonly data: JsonObject
}

export const NO_DOCUMENT: DocumentImage = { identity: undefined, sha256: null, bytes: 0, data: {} }

/** A call of microseconds, several times cheaper than going through the thread pool. */
export function identify(path: string): FileIdentity {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`
}

export interface FileBytes {
  readonly identity: FileIdentity
  readonly sha256: string | null
  readonly bytes: Buffer | undefined
}

/** Reads the file and tells which one it was. @throws the system's error */
export async function readWhole(path: string): Promise<FileBytes> {
  try {
    await using handle = await openForReading(path)
    const stats = await handle.stat({ bigint: true })
    if (!stats.isFile()) throw Object.assign(new Error('EISDIR: it is not a regular file'), { code: 'EISDIR' })
    const bytes = await handle.readFile()
    const identity = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`
    return { identity, sha256: sha256(bytes), bytes }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { identity: undefined, sha256: null, bytes: undefined }
    throw error
  }
}
