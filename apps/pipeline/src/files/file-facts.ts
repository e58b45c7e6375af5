import { createHash, hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { errorCode } from '@holdfast/atomic-file'

/** What is known of the content of a file. */
export interface FileFacts {
  readonly bytes: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
  /** Inode and times, to the nanosecond: while it is the same, nobody has written to the file. */
  readonly stamp: string
}

const SMALL_BYTES = 1024 * 1024
const MAX_ATTEMPTS = 3

/**
 * Reads a whole file for its hash. `undefined` when there is none.
 *
 * @throws RangeError when it is not a regular file, or somebody goes on writing to it
 */
export async function readFacts(path: string): Promise<FileFacts | undefined> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const before = await look(path)
    if (before === undefined) return undefined
    const sha256 = before.bytes > SMALL_BYTES ? await hashStream(path) : hash('sha256', await readFile(path), 'hex')
    if ((await look(path))?.stamp === before.stamp) return { ...before, sha256 }
  }
  throw new RangeError(`'${path}' is being written to`)
}

/**
 * The facts of a file of which something is known: it is only read when it may have changed since.
 *
 * @throws RangeError as `readFacts`
 */
export async function refreshFacts(
  path: string,
  known: Partial<FileFacts> | undefined,
): Promise<FileFacts | undefined> {
  if (known?.sha256 !== undefined && known.stamp !== undefined) {
    const now = await look(path)
    if (now === undefined) return undefined
    if (now.stamp === known.stamp && now.bytes === known.bytes) return { ...now, sha256: known.sha256 }
  }
  return readFacts(path)
}

/** What can be seen without reading the file; `undefined` when there is none. @throws RangeError when it is not a regular file */
export async function look(path: string): Promise<Omit<FileFacts, 'sha256'> | undefined> {
  try {
    const status = await stat(path, { bigint: true })
    if (!status.isFile()) throw new RangeError(`'${path}' is not a regular file`)
    const { dev, ino, size, mtimeNs, ctimeNs } = status
    return { bytes: Number(size), stamp: `${dev}:${ino}:${mtimeNs}:${ctimeNs}` }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function hashStream(path: string): Promise<string> {
  const sum = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: SMALL_BYTES })) sum.update(chunk as Buffer)
  return sum.digest('hex')
}
