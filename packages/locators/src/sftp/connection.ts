import ssh2, { type FileEntryWithStats, type SFTPWrapper, type Stats } from 'ssh2'
import type { SftpSettings } from './connection-options.js'
import { openSession } from './open-session.js'
import { type FileVersion, SftpConnectionError, SftpPathError, type SftpStatus } from './sftp-errors.js'

export type EntryKind = 'file' | 'directory' | 'link' | 'other'

/** One name in a directory, with what the listing itself tells about it. */
export interface DirectoryEntry extends FileVersion {
  readonly name: string
  readonly kind: EntryKind
}

export interface RemoteStat extends FileVersion {
  readonly kind: EntryKind
}

const MS_PER_SECOND = 1000
const KIND_BITS = 0o170_000
const KINDS: ReadonlyMap<number, EntryKind> = new Map([
  [0o100_000, 'file'],
  [0o040_000, 'directory'],
  [0o120_000, 'link'],
])
const END_OF_FILE = 1
const STATUSES: ReadonlyMap<number, SftpStatus> = new Map([
  [2, 'no-such-file'],
  [3, 'permission-denied'],
  [8, 'unsupported'],
])

type Callback<T> = (error: (Error & { code?: number | string }) | null | undefined, value: T) => void

/**
 * One SSH connection with one SFTP session. Whatever goes wrong with the line itself, silence included, ends the connection: every request under way
 * fails with SftpConnectionError, and so does each one after it.
 */
export class SftpConnection {
  readonly #client: ssh2.Client
  readonly #sftp: SFTPWrapper
  readonly #settings: SftpSettings
  readonly #waiting: Set<(error: Error) => void>
  #ended: Error | undefined

  private constructor(client: ssh2.Client, sftp: SFTPWrapper, settings: SftpSettings) {
    this.#client = client
    this.#sftp = sftp
    this.#settings = settings
    this.#waiting = new Set()
    const end = (cause?: unknown): void => this.#end('lost', 'The connection ended', cause)
    client.on('error', end)
    client.on('close', () => end())
    sftp.on('error', end)
    sftp.on('close', () => end())
  }

  /** Connects, checks the host key, logs in and opens the session. */
  static async open(settings: SftpSettings, signal?: AbortSignal): Promise<SftpConnection> {
    signal?.throwIfAborted()
    const client = new ssh2.Client()
    const sftp = await openSession(client, settings, signal).catch((error: unknown) => {
      // Errors that come after the first one have nobody to tell.
      client.on('error', () => undefined)
      client.destroy()
      throw error
    })
    return new SftpConnection(client, sftp, settings)
  }

  get isOpen(): boolean {
    return this.#ended === undefined
  }

  /** Where a relative path begins. */
  realPath(path: string): Promise<string> {
    return this.#request('resolve', path, (done) => this.#sftp.realpath(path, done))
  }

  /** All names of a directory but `.` and `..`, with their attributes; links are not followed. */
  async list(path: string): Promise<DirectoryEntry[]> {
    const handle = await this.#request<Buffer>('open', path, (done) => this.#sftp.opendir(path, done))
    const entries: DirectoryEntry[] = []
    try {
      for (;;) {
        const part = await this.#readPart(path, handle)
        if (part === undefined) break
        for (const { filename, attrs } of part) {
          if (filename !== '.' && filename !== '..') entries.push({ name: filename, ...toStat(attrs) })
        }
      }
    } finally {
      await this.#closeQuietly(handle)
    }
    return entries
  }

  /** What a path leads to; links are followed. */
  async stat(path: string): Promise<RemoteStat> {
    return toStat(await this.#request<Stats>('look at', path, (done) => this.#sftp.stat(path, done)))
  }

  async open(path: string): Promise<RemoteFile> {
    const handle = await this.#request<Buffer>('open', path, (done) => this.#sftp.open(path, 'r', done))
    return {
      stat: async () => toStat(await this.#request<Stats>('look at', path, (done) => this.#sftp.fstat(handle, done))),
      read: (position, length) => this.#read(path, handle, position, length),
      close: () => this.#closeQuietly(handle),
    }
  }

  /** Ends it at once; requests under way fail. */
  close(): void {
    this.#end('lost', 'The connection was closed')
  }

  async #readPart(path: string, handle: Buffer): Promise<FileEntryWithStats[] | undefined> {
    return this.#request<FileEntryWithStats[] | undefined>('list', path, (done) =>
      // The library takes a handle too, and then gives one answer of the server; its types do not tell.
      this.#sftp.readdir(handle as unknown as string, (error, list) => {
        if (codeOf(error) === END_OF_FILE) done(undefined, undefined)
        else done(error, list)
      }),
    )
  }

  /** Fewer bytes than asked for only at the end of the file. */
  async #read(path: string, handle: Buffer, position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const count = await this.#request<number>('read', path, (done) =>
        this.#sftp.read(handle, buffer, filled, length - filled, position + filled, (error, bytes) => {
          if (codeOf(error) === END_OF_FILE) done(undefined, 0)
          else done(error, bytes)
        }),
      )
      if (count === 0) break
      filled += count
    }
    return buffer.subarray(0, filled)
  }

  /** The server forgets a handle with the connection anyway. */
  async #closeQuietly(handle: Buffer): Promise<void> {
    if (!this.isOpen) return
    await this.#request<void>('close', '', (done) => this.#sftp.close(handle, (error) => done(error, undefined))).catch(
      () => undefined,
    )
  }

  #request<T>(action: string, path: string, send: (done: Callback<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended)
      const { stallTimeoutMs } = this.#settings
      const timer = setTimeout(
        () => this.#end('timeout', `The server has not answered for ${stallTimeoutMs} ms`),
        stallTimeoutMs,
      )
      const settle = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(fail)
      }
      const fail = (error: Error): void => {
        settle()
        reject(error)
      }
      this.#waiting.add(fail)
      try {
        send((error, value) => {
          if (error === null || error === undefined) {
            settle()
            resolve(value)
          } else if (typeof codeOf(error) === 'number') {
            fail(new SftpPathError(action, path, STATUSES.get(codeOf(error) as number) ?? 'failure', { cause: error }))
          } else {
            // No status of the server: the session is over, whatever the library calls it.
            this.#end('lost', 'The connection ended', error)
          }
        })
      } catch (error) {
        this.#end('lost', 'The connection ended', error)
      }
    })
  }

  #end(reason: 'lost' | 'timeout', what: string, cause?: unknown): void {
    if (this.#ended !== undefined) return
    const { host, port } = this.#settings
    const error = new SftpConnectionError(host, port, reason, what, cause === undefined ? undefined : { cause })
    this.#ended = error
    for (const fail of [...this.#waiting]) fail(error)
    this.#client.destroy()
  }
}

/** A file that is open for reading. */
export interface RemoteFile {
  /** Of what is open, which may no longer be what the path leads to. */
  stat(): Promise<RemoteStat>
  /** Fewer bytes than asked for only at the end of the file. */
  read(position: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

function toStat({ mode, size, mtime }: Stats): RemoteStat {
  return {
    kind: KINDS.get(mode & KIND_BITS) ?? 'other',
    size,
    mtimeMs: mtime * MS_PER_SECOND,
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
