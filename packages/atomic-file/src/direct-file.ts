import {
  closeSync,
  fchmodSync,
  fchownSync,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  type Stats,
  write,
  writeSync,
} from 'node:fs'
import { codedError } from './errors.js'
import type { OpenFile } from './file-system.js'

/**
 * An open descriptor whose quick calls are made at once, see `directFileSystem`. Nobody closes it but its owner: unlike Node's `FileHandle`, it is not
 * closed when it is forgotten.
 */
export class DirectFile implements OpenFile {
  #fd: number
  /** Calls in the thread pool; the number of a descriptor closed under them could already be that of another file. */
  readonly #underWay: Set<Promise<unknown>> = new Set()

  constructor(fd: number) {
    this.#fd = fd
  }

  /** -1 after `close`. */
  get fd(): number {
    return this.#fd
  }

  async chmod(mode: number): Promise<void> {
    fchmodSync(this.#open('fchmod'), mode)
  }

  async chown(uid: number, gid: number): Promise<void> {
    fchownSync(this.#open('fchown'), uid, gid)
  }

  async stat(): Promise<Stats> {
    return fstatSync(this.#open('fstat'))
  }

  async truncate(size: number): Promise<void> {
    ftruncateSync(this.#open('ftruncate'), size)
  }

  async write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }> {
    const fd = this.#open('write')
    if (length <= QUICK_WRITE_BYTES) return { bytesWritten: writeSync(fd, bytes, offset, length, position) }
    const bytesWritten = await this.#inPool<number>((done) => write(fd, bytes, offset, length, position, done))
    return { bytesWritten }
  }

  async sync(): Promise<void> {
    const fd = this.#open('fsync')
    await this.#inPool((done) => fsync(fd, done))
  }

  async datasync(): Promise<void> {
    const fd = this.#open('fdatasync')
    await this.#inPool((done) => fdatasync(fd, done))
  }

  async close(): Promise<void> {
    const fd = this.#fd
    if (fd === CLOSED) return
    this.#fd = CLOSED
    if (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
    closeSync(fd)
  }

  #open(call: string): number {
    if (this.#fd === CLOSED) throw codedError('EBADF', `bad file descriptor, ${call}: the file is closed`)
    return this.#fd
  }

  async #inPool<T = void>(call: (done: (error: Error | null, result?: T) => void) => void): Promise<T> {
    const result = new Promise<T>((resolve, reject) => {
      call((error, value) => (error === null ? resolve(value as T) : reject(error)))
    })
    this.#underWay.add(result)
    try {
      return await result
    } finally {
      this.#underWay.delete(result)
    }
  }
}

const CLOSED = -1
/** Copying this much into the kernel's memory takes about as long as asking the thread pool to do it. */
const QUICK_WRITE_BYTES = 256 * 1024
