import { type BigIntStats, readFileSync, statSync } from 'node:fs'
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
  /** It is not encrypted as it would be now. */
  readonly isOutdated?: boolean
}

export const NO_DOCUMENT: DocumentImage = { identity: undefined, sha256: null, bytes: 0, data: {} }

/** A call of microseconds, several times cheaper than going through the thread pool. */
export function identify(path: string): FileIdentity {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? undefined : identityOf(stats)
}

function identityOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`
}

export interface FileBytes {
  readonly identity: FileIdentity
  readonly sha256: string | null
  readonly bytes: Buffer | undefined
}

/** Reads the file and tells which one it was. @throws the system's error */
export async function readWhole(path: string): Promise<FileBytes> {
  const small = tryReadSmall(path)
  if (small !== undefined) return small
  try {
    await using handle = await openForReading(path)
    const stats = await handle.stat({ bigint: true })
    if (!stats.isFile()) throw Object.assign(new Error('EISDIR: it is not a regular file'), { code: 'EISDIR' })
    const bytes = await handle.readFile()
    return { identity: identityOf(stats), sha256: sha256(bytes), bytes }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { identity: undefined, sha256: null, bytes: undefined }
    throw error
  }
}

/** Four trips through the thread pool cost more than a small file. `undefined` when it is not small, not still, or anything is wrong with it. */
function tryReadSmall(path: string): FileBytes | undefined {
  try {
    const stats = statSync(path, { bigint: true })
    if (!stats.isFile() || stats.size > SMALL_BYTES) return undefined
    const bytes = readFileSync(path)
    const identity = identityOf(stats)
    if (BigInt(bytes.length) !== stats.size || identify(path) !== identity) return undefined
    return { identity, sha256: sha256(bytes), bytes }
  } catch {
    return undefined
  }
}

const SMALL_BYTES = 128 * 1024
