import {
  type CompressCallback,
  constants,
  gunzip,
  gzip,
  type ZlibOptions,
  type ZstdOptions,
  zstdCompress,
  zstdDecompress,
} from 'node:zlib'

/** How older backups can be stored: zstd is faster and smaller, gzip is understood everywhere. */
export type CompressionAlgorithm = 'zstd' | 'gzip'

/** Compressed bytes are damaged, cut, of no known kind, or too large when unpacked. */
export class CompressedDataError extends Error {
  override readonly name = 'CompressedDataError'
  readonly code = 'ERR_COMPRESSED_DATA'
  /** Where the bytes came from, as the caller named it. */
  readonly source: string
  readonly hint?: string

  constructor(source: string, reason: string, options?: { readonly hint?: string; readonly cause?: unknown }) {
    super(`Cannot unpack '${source}': ${reason}`, options?.cause === undefined ? undefined : { cause: options.cause })
    this.source = source
    if (options?.hint !== undefined) this.hint = options.hint
  }
}

export interface DecompressOptions {
  /** What the bytes are, for messages; a path where there is one. @default 'the data' */
  readonly source?: string
  /** More than this is not unpacked, so that a few damaged or hostile bytes cannot fill the memory. @default 1 GiB */
  readonly maxBytes?: number
}

const DEFAULT_MAX_BYTES = 2 ** 30
/** Larger than Node's default: each piece is a trip to the thread pool and back. */
const CHUNK_BYTES = 128 * 1024

const SUFFIXES: Readonly<Record<CompressionAlgorithm, string>> = { zstd: '.zst', gzip: '.gz' }
/** First bytes: RFC 8878 section 3.1.1, RFC 1952 section 2.3.1. */
const MAGIC: Readonly<Record<CompressionAlgorithm, readonly number[]>> = {
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
  gzip: [0x1f, 0x8b],
}
const ALGORITHMS: readonly CompressionAlgorithm[] = ['zstd', 'gzip']

/** What a file name gets behind it: '.zst' or '.gz'. */
export function compressionSuffix(algorithm: CompressionAlgorithm): string {
  return SUFFIXES[algorithm]
}

/** How a file is compressed by its name; `undefined` for a plain one. */
export function compressionOfName(name: string): CompressionAlgorithm | undefined {
  return ALGORITHMS.find((algorithm) => name.endsWith(SUFFIXES[algorithm]))
}

/** How bytes are compressed by how they start; `undefined` when they are not, as no JSON text starts like this. */
export function compressionOfBytes(bytes: Uint8Array): CompressionAlgorithm | undefined {
  return ALGORITHMS.find((algorithm) => MAGIC[algorithm].every((byte, index) => bytes[index] === byte))
}

/**
 * Compresses bytes off the main thread, with a checksum of the content inside. The same bytes give the same result.
 *
 * @example await writeFileAtomic(`${path}${compressionSuffix('zstd')}`, await compress('zstd', bytes))
 */
export async function compress(algorithm: CompressionAlgorithm, bytes: Uint8Array): Promise<Uint8Array> {
  if (algorithm === 'gzip') {
    const options: ZlibOptions = { chunkSize: CHUNK_BYTES }
    return await called((done) => gzip(bytes, options, done))
  }
  const options: ZstdOptions = {
    chunkSize: CHUNK_BYTES,
    // With the size in the header, readers can tell early what they get into.
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_checksumFlag]: 1 },
  }
  return await called((done) => zstdCompress(bytes, options, done))
}

/**
 * Unpacks what `compress`, `zstd` or `gzip` made, whichever its first bytes say. Everything is read: bytes behind the end that are not another
 * compressed part are an error, not ignored.
 *
 * @throws CompressedDataError
 */
export async function decompress(bytes: Uint8Array, options: DecompressOptions = {}): Promise<Uint8Array> {
  const { source = 'the data', maxBytes = DEFAULT_MAX_BYTES } = options
  const parts: Uint8Array[] = []
  let room = maxBytes
  for (let rest = bytes; parts.length === 0 || rest.length > 0; ) {
    const algorithm = compressionOfBytes(rest)
    if (algorithm === undefined) {
      const where = parts.length === 0 ? 'it is neither zstd nor gzip' : 'something else follows its end'
      throw new CompressedDataError(source, where)
    }
    const { part, consumed } = await unpackOne(algorithm, rest, room, { source, maxBytes })
    parts.push(part)
    room -= part.length
    rest = rest.subarray(consumed)
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

async function unpackOne(
  algorithm: CompressionAlgorithm,
  bytes: Uint8Array,
  room: number,
  { source, maxBytes }: Required<DecompressOptions>,
): Promise<{ readonly part: Uint8Array; readonly consumed: number }> {
  // Node takes no limit of 0; one byte too many is refused below.
  const options = { info: true, maxOutputLength: Math.max(room, 1), chunkSize: CHUNK_BYTES }
  try {
    const { buffer, engine } = await called<UnpackInfo>((done) => {
      // With `info` the result is more than a buffer, which the types do not know.
      const infoDone = done as unknown as CompressCallback
      if (algorithm === 'gzip') gunzip(bytes, options, infoDone)
      else zstdDecompress(bytes, options, infoDone)
    })
    if (buffer.length > room) throw tooLarge(source, maxBytes)
    return { part: buffer, consumed: engine.bytesWritten }
  } catch (error) {
    if (error instanceof CompressedDataError || !(error instanceof Error) || !('code' in error)) throw error
    if (error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(source, maxBytes, error)
    throw new CompressedDataError(source, `the ${algorithm} data is damaged or cut (${error.message})`, {
      hint: 'Use another backup',
      cause: error,
    })
  }
}

function tooLarge(source: string, maxBytes: number, cause?: unknown): CompressedDataError {
  return new CompressedDataError(source, `it unpacks to more than ${maxBytes} bytes`, {
    hint: 'If that is right, unpack it with zstd or gzip by hand',
    cause,
  })
}

interface UnpackInfo {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

function called<T>(start: (done: (error: Error | null, result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => (error === null ? resolve(result) : reject(error)))
  })
}
