/**
 * One open descriptor of a lock file. The file is opened without truncation and written in place, only by the
 * exclusive holder, and never removed: removing it would let two processes lock two different files.
 *
 * A crash can leave a record that still says "held" (the next exclusive holder learns of it as `previous`), an empty
 * file, or after a power loss a torn record; nothing needs repair, because the kernel alone knows who holds the lock.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

import { LockFileError, type LockLostReason, LockUnsupportedError } from './errors.js'
import { encodeRecord, type LockRecord, type ParsedRecord, parseRecord, RECORD_BYTES } from './lock-record.js'
import { isHeldElsewhere, type Native, systemError } from './native.js'

export class LockFile {
  readonly path: string
  readonly fd: number
  readonly #native: Native
  readonly #device: bigint
  readonly #inode: bigint
  #size: number
  #closed = false

  private constructor(path: string, fd: number, native: Native) {
    this.path = path
    this.fd = fd
    this.#native = native
    const stats = fstatSync(fd, { bigint: true })
    if (!stats.isFile()) throw new LockFileError(`Failed to lock "${path}": it is not a regular file`, { path })
    this.#device = stats.dev
    this.#inode = stats.ino
    this.#size = Number(stats.size)
  }

  /** Open the lock file, making it and its folder if need be. Whatever it says stays as it is. */
  static open(path: string, shared: boolean, native: Native): LockFile {
    const fd = openDescriptor(path, shared)
    try {
      return new LockFile(path, fd, native)
    } catch (error) {
      closeSync(fd)
      throw error instanceof LockFileError ? error : fileError('open', path, error)
    }
  }

  /** Take the kernel's lock; false if somebody else has it. Never waits. */
  tryLock(shared: boolean): boolean {
    const error = this.#native.takeFlock(this.fd, shared)
    if (error === 0) return true
    if (isHeldElsewhere(error)) return false
    const cause = systemError(error, 'flock')
    if (UNSUPPORTED.has(cause.code)) {
      throw new LockUnsupportedError(`The file system of "${this.path}" has no locks`, { path: this.path, cause })
    }
    throw fileError('lock', this.path, cause)
  }

  /** Why this descriptor is no longer the file of that name; `undefined` while it is. */
  detached(): Exclude<LockLostReason, 'overwritten'> | undefined {
    try {
      const stats = statSync(this.path, { bigint: true, throwIfNoEntry: false })
      if (stats === undefined) return 'removed'
      return stats.ino === this.#inode && stats.dev === this.#device ? undefined : 'replaced'
    } catch {
      return 'unreadable'
    }
  }

  read(): ParsedRecord {
    return parseRecord(this.#readBytes(RECORD_BYTES))
  }

  /** Whether the first line still is this pid. */
  namesPid(pid: number): boolean {
    const line = `${pid}\n`
    try {
      return this.#readBytes(line.length).toString('latin1') === line
    } catch {
      return false
    }
  }

  /** Write the record over the old one. Only for the exclusive holder. */
  write(record: LockRecord): void {
    const bytes = encodeRecord(record)
    try {
      const written = writeSync(this.fd, bytes, 0, bytes.length, 0)
      if (written !== bytes.length) throw new Error(`Only ${written} of ${bytes.length} bytes could be written`)
      if (this.#size > RECORD_BYTES) ftruncateSync(this.fd, RECORD_BYTES)
      this.#size = RECORD_BYTES
    } catch (error) {
      throw fileError('write', this.path, error)
    }
  }

  /** Refuse a file that no program of ours has written and that is too large for a lock file: it may be data. */
  assertLockFile(): void {
    if (this.#size <= MAX_FOREIGN_BYTES || this.read().holder !== undefined) return
    throw new LockFileError(`Failed to lock "${this.path}": it holds ${this.#size} bytes of something else`, {
      path: this.path,
      hint: 'Name a file that is used for nothing but locking',
    })
  }

  /** Free the lock and close the descriptor. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    // Not left to close(2) alone: a child between fork and exec has a copy of the descriptor for a moment.
    this.#native.dropFlock(this.fd)
    closeSync(this.fd)
  }

  #readBytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    try {
      return bytes.subarray(0, readSync(this.fd, bytes, 0, length, 0))
    } catch (error) {
      throw fileError('read', this.path, error)
    }
  }
}

/** The largest foreign text that is overwritten without question. */
const MAX_FOREIGN_BYTES = 4096
const UNSUPPORTED: ReadonlySet<string | undefined> = new Set(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'ENOLCK'])
const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'Run as the user that owns the lock file, or name a lock file in a folder this user can write',
  EPERM: 'Run as the user that owns the lock file, or name a lock file in a folder this user can write',
  EROFS: 'Name a lock file on a file system that can be written',
  ENOSPC: 'Free some space on the disk of the lock file',
  EDQUOT: 'Free some of the quota on the disk of the lock file',
  EISDIR: 'Name a file, not a folder',
  EMFILE: 'Close some files or raise the limit of open files (ulimit -n)',
}

function openDescriptor(path: string, shared: boolean): number {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return openSync(path, constants.O_RDWR | constants.O_CREAT)
    } catch (error) {
      const code = codeOf(error)
      // A shared holder writes nothing, so that being able to read the file is enough.
      if (shared && (code === 'EACCES' || code === 'EROFS')) return openForReading(path, error)
      if (code !== 'ENOENT' || attempt > 3) throw fileError('open', path, error)
      makeParent(path)
    }
  }
}

function openForReading(path: string, firstError: unknown): number {
  try {
    return openSync(path, constants.O_RDONLY)
  } catch {
    throw fileError('open', path, firstError)
  }
}

function makeParent(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    throw fileError('make the folder of', path, error)
  }
}

function fileError(action: string, path: string, cause: unknown): LockFileError {
  const code = codeOf(cause)
  const why = cause instanceof Error ? cause.message : String(cause)
  return new LockFileError(`Failed to ${action} lock file "${path}": ${why}`, {
    path,
    cause,
    hint: code === undefined ? undefined : HINTS[code],
  })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
