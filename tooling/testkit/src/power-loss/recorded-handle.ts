import type { FileHandle } from 'node:fs/promises'
import type { Recorder } from './recorder.js'
import type { InodeNumber } from './recording.js'

export interface OpenedInode {
  readonly inode: InodeNumber
  /** As it was opened, for people. */
  readonly path: string
  /** Opened with O_APPEND. */
  readonly appends: boolean
}

/** The handle itself, except for the methods that change or sync the file. */
export function recordHandle(recorder: Recorder, handle: FileHandle, opened: OpenedInode): FileHandle {
  const recorded = new RecordedHandle(recorder, handle, opened)
  const replaced = recorded as unknown as Record<string | symbol, unknown>
  return new Proxy(handle, {
    get(target, name) {
      if (REFUSED.has(name)) throw new Error(`The recording file system does not know FileHandle.${String(name)}()`)
      if (READS.has(name)) recorded.hasRead = true
      const own = OWN.has(name) ? replaced[name] : undefined
      if (typeof own === 'function') return own.bind(recorded)
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

const OWN: ReadonlySet<string | symbol> = new Set([
  'write',
  'writev',
  'writeFile',
  'appendFile',
  'truncate',
  'chmod',
  'sync',
  'datasync',
  'close',
  Symbol.asyncDispose,
])
const READS: ReadonlySet<string | symbol> = new Set([
  'read',
  'readv',
  'readFile',
  'readLines',
  'createReadStream',
  'readableWebStream',
])
const REFUSED: ReadonlySet<string | symbol> = new Set(['createWriteStream', 'writer'])

class RecordedHandle {
  /** Reading moves the place of writes without a position. */
  hasRead = false
  readonly #recorder: Recorder
  readonly #handle: FileHandle
  readonly #opened: OpenedInode
  #position = 0

  constructor(recorder: Recorder, handle: FileHandle, opened: OpenedInode) {
    this.#recorder = recorder
    this.#handle = handle
    this.#opened = opened
  }

  async write(data: string | NodeJS.ArrayBufferView, ...rest: unknown[]): Promise<unknown> {
    const { bytes, position } = writeArguments(data, rest)
    return { bytesWritten: await this.#recorder.serially(() => this.#write(bytes, position)), buffer: data }
  }

  async writev(buffers: readonly NodeJS.ArrayBufferView[], position?: number | null): Promise<unknown> {
    const bytes = Buffer.concat(buffers.map(bytesOf))
    return { bytesWritten: await this.#recorder.serially(() => this.#write(bytes, position)), buffers }
  }

  async writeFile(
    data: string | NodeJS.ArrayBufferView,
    options?: { encoding?: BufferEncoding } | BufferEncoding,
  ): Promise<void> {
    if (typeof data !== 'string' && !ArrayBuffer.isView(data))
      throw new TypeError('The recording file system writes strings and bytes only')
    const encoding = typeof options === 'string' ? options : options?.encoding
    const bytes = typeof data === 'string' ? Buffer.from(data, encoding ?? 'utf8') : Buffer.from(bytesOf(data))
    await this.#recorder.serially(async () => {
      for (let done = 0; done < bytes.length; ) done += await this.#write(bytes.subarray(done), null)
    })
  }

  appendFile(
    data: string | NodeJS.ArrayBufferView,
    options?: { encoding?: BufferEncoding } | BufferEncoding,
  ): Promise<void> {
    return this.writeFile(data, options)
  }

  truncate(size = 0): Promise<void> {
    const { inode, path } = this.#opened
    return this.#recorder.serially(async () => {
      await this.#handle.truncate(size)
      // Node takes a negative length for 0.
      const truncated = Math.max(0, size)
      this.#recorder.record({ type: 'truncate', inode, size: truncated }, `truncate '${path}' to ${truncated} bytes`)
    })
  }

  chmod(mode: number | string): Promise<void> {
    const { inode, path } = this.#opened
    return this.#recorder.serially(async () => {
      await this.#handle.chmod(mode)
      const status = await this.#handle.stat()
      if (!status.isFile()) return
      const now = status.mode & 0o7777
      this.#recorder.record({ type: 'chmod', inode, mode: now }, `chmod '${path}' to ${now.toString(8)}`)
    })
  }

  sync(): Promise<void> {
    return this.#sync('sync')
  }

  datasync(): Promise<void> {
    return this.#sync('datasync')
  }

  close(): Promise<void> {
    return this.#recorder.serially(() => this.#handle.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #sync(type: 'sync' | 'datasync'): Promise<void> {
    const { inode, path } = this.#opened
    const covers = this.#recorder.now()
    return this.#recorder.serially(async () => {
      await this.#handle[type]()
      this.#recorder.record({ type, inode, covers }, `${type} '${path}'`)
    })
  }

  async #write(bytes: Buffer, position: number | null | undefined): Promise<number> {
    const { inode, path, appends } = this.#opened
    const isPlaced = typeof position === 'number' && position >= 0
    if (!isPlaced && !appends && this.hasRead)
      throw new Error(`Cannot record a write to '${path}' without a position after reading from it: give the position`)
    const { bytesWritten } = await this.#handle.write(bytes, 0, bytes.length, isPlaced ? position : null)
    let start = isPlaced ? position : this.#position
    if (appends) start = (await this.#handle.stat()).size - bytesWritten
    if (!isPlaced) this.#position = start + bytesWritten
    const written = bytes.subarray(0, bytesWritten)
    if (bytesWritten > 0)
      this.#recorder.record(
        { type: 'write', inode, position: start, bytes: written },
        `write ${bytesWritten} bytes to '${path}' at ${start}`,
      )
    return bytesWritten
  }
}

/** A copy of the bytes that a call of `FileHandle.write` means, which takes `(text, position, encoding)`, `(bytes, offset, length, position)` or `(bytes, options)`. */
function writeArguments(
  data: string | NodeJS.ArrayBufferView,
  rest: readonly unknown[],
): { bytes: Buffer; position: number | null } {
  if (typeof data === 'string') {
    const [position, encoding] = rest
    return { bytes: Buffer.from(data, (encoding as BufferEncoding | undefined) ?? 'utf8'), position: number(position) }
  }
  const [first] = rest
  const options = typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : undefined
  const [offset, length, position] = options ? [options.offset, options.length, options.position] : rest
  const all = bytesOf(data)
  const start = number(offset) ?? 0
  const size = number(length) ?? all.length - start
  if (start < 0 || size < 0 || start + size > all.length)
    throw new RangeError(`Cannot write ${size} bytes from offset ${start} of ${all.length} bytes`)
  return { bytes: Buffer.from(all.subarray(start, start + size)), position: number(position) }
}

function number(value: unknown): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null
}

function bytesOf(view: NodeJS.ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}
