import type { RemoteFile, SftpConnection } from './connection.js'
import type { SftpPool } from './connection-pool.js'
import type { ListedFile } from './list-files.js'
import { type FileVersion, SftpConnectionError, SftpFileChangedError, SftpPathError } from './sftp-errors.js'

export interface StreamOptions {
  /** Begin with this byte. @default 0 */
  readonly start?: number | undefined
  /** What is known to be right before `start`; compared with the server's bytes before anything is read. */
  readonly tail?: Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Streamed {
  /** How often the line broke and another connection took over. */
  readonly reconnects: number
}

/** The bytes before `start` are not those of the file, though its size and time are. Nothing was handed over. */
export class TailMismatch extends Error {
  override readonly name = 'TailMismatch'
}

const READ_BYTES = 128 * 1024
/** So many requests are on their way at a time, so that the line does not wait for the answer to each. */
const READS_AHEAD = 16
const TRIES_WITHOUT_PROGRESS = 5

/**
 * Hands the bytes of a file to `sink`, in order, as long as it is the version that was listed: size and time are compared before the first byte and after the
 * last one. When the line breaks, another connection goes on where it ended, after the same comparison and after the last bytes were read again.
 *
 * @throws SftpFileChangedError: what was handed over is worth nothing
 * @throws SftpPathError, SftpConnectionError, TailMismatch, and what `sink` throws
 */
export async function streamFile(
  pool: SftpPool,
  file: ListedFile,
  sink: (chunk: Buffer) => Promise<void> | void,
  options: StreamOptions = {},
): Promise<Streamed> {
  const { start = 0, signal } = options
  let position = start
  let tail: Buffer = Buffer.from(options.tail ?? [])
  let reconnects = 0
  const take = async (chunk: Buffer): Promise<void> => {
    await sink(chunk)
    position += chunk.length
    tail = chunk
  }
  for (let tries = 1; ; tries += 1) {
    const before = position
    try {
      await pool.use((connection) => streamFrom(connection, file, { position, tail }, take, signal), { signal })
      return { reconnects }
    } catch (error) {
      if (!(error instanceof SftpConnectionError) || error.reason === 'unreachable') throw error
      signal?.throwIfAborted()
      if (position > before) tries = 0
      if (tries >= TRIES_WITHOUT_PROGRESS) throw error
      reconnects += 1
    }
  }
}

async function streamFrom(
  connection: SftpConnection,
  file: ListedFile,
  from: { readonly position: number; readonly tail: Buffer },
  take: (chunk: Buffer) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const remote = await connection.open(file.path)
  try {
    requireSame(file, await remote.stat())
    await compareTail(remote, from.position, from.tail)
    await readAll(remote, file, from.position, take, signal)
    // The handle tells whether what was read was written to, the path whether another file is in its place.
    requireSame(file, await remote.stat())
    const there = await connection.stat(file.path).catch(undefinedWhenGone)
    if (there !== undefined) requireSame(file, there)
  } finally {
    await remote.close()
  }
}

async function compareTail(remote: RemoteFile, position: number, tail: Buffer): Promise<void> {
  if (tail.length === 0) return
  const there = await remote.read(position - tail.length, tail.length)
  if (!there.equals(tail)) throw new TailMismatch('What is there already is not the beginning of the file')
}

async function readAll(
  remote: RemoteFile,
  file: ListedFile,
  start: number,
  take: (chunk: Buffer) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ahead: { readonly length: number; readonly answer: Promise<Buffer> }[] = []
  let next = start
  const ask = (): void => {
    while (ahead.length < READS_AHEAD && next < file.size) {
      const length = Math.min(READ_BYTES, file.size - next)
      const answer = remote.read(next, length)
      // It is awaited in its turn, which an error before it may forestall.
      answer.catch(() => undefined)
      ahead.push({ length, answer })
      next += length
    }
  }
  ask()
  for (let first = ahead.shift(); first !== undefined; first = ahead.shift()) {
    const chunk = await first.answer
    signal?.throwIfAborted()
    if (chunk.length < first.length) {
      const { size, mtimeMs } = await remote.stat()
      throw new SftpFileChangedError(file.path, file, { size, mtimeMs })
    }
    ask()
    await take(chunk)
  }
}

function requireSame(file: ListedFile, found: FileVersion): void {
  if (found.size === file.size && found.mtimeMs === file.mtimeMs) return
  const { size, mtimeMs } = found
  throw new SftpFileChangedError(file.path, { size: file.size, mtimeMs: file.mtimeMs }, { size, mtimeMs })
}

/** What was read is whole all the same. */
function undefinedWhenGone(error: unknown): undefined {
  if (error instanceof SftpPathError && error.status === 'no-such-file') return undefined
  throw error
}
