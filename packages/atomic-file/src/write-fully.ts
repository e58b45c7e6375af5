import { types } from 'node:util'
import type { OpenFile } from './file-system.js'

// One write call of Node takes less than 2 GiB.
const LARGEST_WRITE_BYTES = 1 << 30

/** The bytes of the data. Anything else would be written as an empty file, such as the `undefined` that `JSON.stringify(undefined)` is. */
export function toBytes(data: string | Uint8Array): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'utf8')
  if (types.isUint8Array(data)) return data
  throw new TypeError(`The data must be a string or a Uint8Array but is ${data === null ? 'null' : typeof data}`)
}

/** Writes every byte or throws: a short write is continued until the system says why it was short. */
export async function writeFully(handle: OpenFile, bytes: Uint8Array, position = 0): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const length = Math.min(bytes.length - written, LARGEST_WRITE_BYTES)
    const { bytesWritten } = await handle.write(bytes, written, length, position + written)
    if (bytesWritten === 0) throw new Error(`The file system took ${written} of ${bytes.length} bytes and no more`)
    written += bytesWritten
  }
}
