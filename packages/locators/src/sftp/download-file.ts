// What this writes: one partial file, through whatever the caller opened it with. It holds bytes of one version of a remote file, since its name should
// come from the request's id. Bytes are appended a block at a time and each block is durable before the next one begins, so after a crash or a power
// failure all but the last block are right. A later attempt cuts the file back to them.
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { SftpPool } from './connection-pool.js'
import type { ListedFile } from './list-files.js'
import { streamFile, TailMismatch } from './stream-file.js'

/** A file that is appended to; `openAppendFile` of `@holdfast/atomic-file` gives one. */
export interface PartialFile {
  readonly path: string
  readonly size: number
  /** Durable when it resolves. */
  append(data: Uint8Array): Promise<void>
  truncate(size: number): Promise<void>
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined
  /** How much is written at a time; all attempts for one partial file must have the same. @default 4 MiB */
  readonly blockBytes?: number | undefined
  /** Called with the bytes there so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined
}

export interface Downloaded {
  readonly size: number
  readonly mtimeMs: number
  /** Of the whole file, in hex. */
  readonly sha256: string
  /** Bytes that were there from an earlier attempt. */
  readonly resumedFrom: number
  readonly reconnects: number
}

const BLOCK_BYTES = 4 * 1024 * 1024
const TAIL_BYTES = 32 * 1024

/**
 * Brings a remote file into a partial file, or the rest of it. What is there already is kept as far as it is sure to be durable, and only after the last
 * bytes of it were read again from the server; else it is fetched anew. When this resolves, the partial file is whole, durable, and of the version
 * that was listed.
 *
 * @throws SftpFileChangedError: the partial file is empty then
 * @throws SftpPathError, SftpConnectionError: what is there is kept for the next attempt
 */
export async function downloadFile(
  pool: SftpPool,
  file: ListedFile,
  partial: PartialFile,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const { signal, blockBytes = BLOCK_BYTES } = options
  if (!Number.isInteger(blockBytes) || blockBytes < 1)
    throw new RangeError(`'blockBytes' must be a whole number from 1, not ${blockBytes}`)
  const resumable = surelyDurable(partial.size, file.size, blockBytes)
  if (resumable !== partial.size) await partial.truncate(resumable)
  try {
    return await download(pool, file, partial, { ...options, signal, blockBytes })
  } catch (error) {
    if (isChanged(error) || error instanceof TailMismatch) await partial.truncate(0)
    if (!(error instanceof TailMismatch)) throw error
    return download(pool, file, partial, { ...options, signal, blockBytes })
  }
}

async function download(
  pool: SftpPool,
  file: ListedFile,
  partial: PartialFile,
  { signal, blockBytes, onProgress }: DownloadOptions & { readonly blockBytes: number },
): Promise<Downloaded> {
  const resumedFrom = partial.size
  const hash = createHash('sha256')
  const tail = await readBack(partial, hash)
  let gathered: Buffer[] = []
  let waiting = 0
  const flush = async (): Promise<void> => {
    if (waiting === 0) return
    await partial.append(gathered.length === 1 && gathered[0] !== undefined ? gathered[0] : Buffer.concat(gathered))
    gathered = []
    waiting = 0
  }
  const add = async (part: Buffer): Promise<void> => {
    hash.update(part)
    gathered.push(part)
    waiting += part.length
    if (waiting >= blockBytes) await flush()
  }
  const { reconnects } = await streamFile(
    pool,
    file,
    async (chunk) => {
      for (let offset = 0; offset < chunk.length; ) {
        const end = Math.min(chunk.length, offset + blockBytes - waiting)
        await add(chunk.subarray(offset, end))
        offset = end
      }
      onProgress?.(partial.size + waiting)
    },
    { start: resumedFrom, tail, signal },
  )
  await flush()
  return { size: file.size, mtimeMs: file.mtimeMs, sha256: hash.digest('hex'), resumedFrom, reconnects }
}

/** Whole blocks before the last bytes: the block that was written last may be there in length only. */
function surelyDurable(there: number, whole: number, blockBytes: number): number {
  return Math.max(0, Math.ceil(Math.min(there, whole) / blockBytes) - 1) * blockBytes
}

/** Hashes what is there, and gives its last bytes. */
async function readBack(partial: PartialFile, hash: Hash): Promise<Buffer> {
  if (partial.size === 0) return Buffer.alloc(0)
  let tail = Buffer.alloc(0)
  for await (const chunk of createReadStream(partial.path, { end: partial.size - 1 }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES)
  }
  return tail
}

function isChanged(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SFTP_FILE_CHANGED'
}
