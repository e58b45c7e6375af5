import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Content } from '../bundle-store.js'
import { ArchiveError } from '../errors.js'
import { UnpackBudget } from './limits.js'

/**
 * Unpacks gzip data as it arrives; several gzip files in a row are one. Reads the content to its end. What follows the last gzip file, such as padding, is
 * dropped, as `gzip` does.
 *
 * @throws ArchiveError when the data is broken or cut, or beyond the limits; the error of the content as it is
 * @example for await (const part of gunzip(response.body, 'page.json.gz')) await file.write(part)
 */
export async function* gunzip(
  content: Content,
  archive: string,
  budget: UnpackBudget = new UnpackBudget(),
): AsyncGenerator<Uint8Array> {
  let packedBytes = 0
  let unpackedBytes = 0
  let failure: { readonly reason: unknown } | undefined
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const part of content) {
      packedBytes += part.length
      yield part
    }
  }
  const packed = Readable.from(counted(), { objectMode: false })
  const unpacked = createGunzip()
  packed.once('error', (reason) => {
    failure = { reason }
    unpacked.destroy(reason)
  })
  packed.pipe(unpacked)
  try {
    for await (const part of unpacked as AsyncIterable<Uint8Array>) {
      unpackedBytes += part.length
      budget.takeBytes(archive, part.length)
      budget.checkRatio(archive, unpackedBytes, packedBytes)
      yield part
    }
    packed.unpipe(unpacked)
    for await (const _padding of packed);
    if (packedBytes === 0) throw Object.assign(new Error('it is empty'), { code: 'Z_BUF_ERROR' })
  } catch (error) {
    if (failure !== undefined) throw failure.reason
    if (!isZlibError(error)) throw error
    throw new ArchiveError(archive, 'broken', `Cannot unpack '${archive}': ${error.message}`, { cause: error })
  } finally {
    packed.destroy()
    unpacked.destroy()
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
}
