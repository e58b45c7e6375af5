import { stat } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import type { Content } from '../bundle-store.js'
import { ArchiveError } from '../errors.js'
import { UnpackBudget } from './limits.js'

/** A file in a zip archive. Its content has to be read, or left alone, before the next entry is asked for. */
export interface ZipEntry {
  /** Relative and without `..`; else as it stands in the archive. */
  readonly name: string
  readonly size: number
  readonly content: Content
}

const FILE_TYPE = 0o170000
const REGULAR_FILE = 0o100000
const MADE_BY_UNIX = 3
/** Names of such entries end with a slash. */
const isFolder = (entry: Entry): boolean => entry.fileName.endsWith('/')

/**
 * The files of a zip archive in the order of its directory; folders are left out. Sizes and checksums are verified while the content is read.
 *
 * @throws ArchiveError when it is broken, encrypted, holds links or names that lead out of it, or is beyond the limits
 * @example for await (const { name, content } of unzip('cordata.zip', 'cordata.zip')) await draft.add({ url, name }, content)
 */
export async function* unzip(
  path: string,
  archive: string,
  budget: UnpackBudget = new UnpackBudget(),
): AsyncGenerator<ZipEntry> {
  const packedBytes = (await stat(path)).size
  const zip = await explained(archive, () => openPromise(path, { lazyEntries: true, autoClose: false }))
  try {
    // As many as the directory says; it cannot hold more than it says.
    budget.takeEntries(archive, zip.entryCount)
    let unpackedBytes = 0
    const entries = zip.eachEntry()
    for (;;) {
      const next = await explained(archive, () => entries.next())
      if (next.done === true) return
      const entry: Entry = next.value
      assertHarmless(archive, entry)
      if (isFolder(entry)) continue
      const count = (bytes: number): void => {
        unpackedBytes += bytes
        budget.takeBytes(archive, bytes)
        budget.checkRatio(archive, unpackedBytes, packedBytes)
      }
      yield { name: entry.fileName, size: entry.uncompressedSize, content: contentOf(zip, entry, archive, count) }
    }
  } finally {
    zip.close()
  }
}

async function* contentOf(
  zip: ZipFile,
  entry: Entry,
  archive: string,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const stream = await explained(archive, () => zip.openReadStreamPromise(entry))
  let checksum = 0
  try {
    const parts = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    for (;;) {
      const next = await explained(archive, () => parts.next())
      if (next.done === true) break
      count(next.value.length)
      checksum = crc32(next.value, checksum)
      yield next.value
    }
  } finally {
    stream.destroy()
  }
  if (checksum !== entry.crc32)
    throw new ArchiveError(
      archive,
      'broken',
      `Cannot unpack '${archive}': the checksum of '${entry.fileName}' is wrong`,
    )
}

/** The names themselves are checked by yauzl: nothing absolute, no `..`. */
function assertHarmless(archive: string, entry: Entry): void {
  const problem = (reason: 'unsupported' | 'unsafe-name', what: string): ArchiveError =>
    new ArchiveError(archive, reason, `Cannot unpack '${archive}': '${entry.fileName}' ${what}`)
  if (entry.isEncrypted()) throw problem('unsupported', 'is encrypted')
  if (!entry.canDecodeFileData()) throw problem('unsupported', `is packed by method ${entry.compressionMethod}`)
  if (entry.fileName.includes('\0')) throw problem('unsafe-name', 'has a NUL in its name')
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE
  const isSpecial = entry.versionMadeBy >> 8 === MADE_BY_UNIX && type !== 0 && type !== REGULAR_FILE
  if (isSpecial && !isFolder(entry)) throw problem('unsupported', 'is a link or a device')
}

/** What yauzl refuses has no codes; the system's errors have. */
async function explained<T>(archive: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ArchiveError || !(error instanceof Error)) throw error
    if ('code' in error && !String(error.code).startsWith('Z_')) throw error
    // The only errors about names are these.
    const reason = /^(?:absolute path|invalid relative path|invalid characters in fileName)/.test(error.message)
    const message = `Cannot unpack '${archive}': ${error.message}`
    throw new ArchiveError(archive, reason ? 'unsafe-name' : 'broken', message, { cause: error })
  }
}
