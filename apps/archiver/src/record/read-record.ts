import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { RunRecordError } from '@holdfast/fhicl'
import { RunRecordChangedError } from '../errors.js'
import { eachInOrder } from './each-in-order.js'
import { listRecordFiles, type RecordFile } from './list-record-files.js'

/** Content of the record's files by name relative to the record. */
export type RecordContent = ReadonlyMap<string, Uint8Array>

/**
 * Reads a whole run record and makes sure that it did not change meanwhile. The record itself is never changed.
 *
 * @throws RunRecordChangedError when it is gone or was written to while it was read.
 * @throws RunRecordError when it is empty, a file of it cannot be read, or two of its files would be stored under one name.
 */
export async function readRecord(directory: string): Promise<RecordContent> {
  const before = await readable(directory, () => listRecordFiles(directory))
  if (before.length === 0) {
    throw new RunRecordError(`The run record '${directory}' is empty: it holds no .fcl and no .txt file`, {
      file: directory,
      hint: 'Copy the whole record there, then retry the run',
    })
  }
  refuseCollisions(directory, before)
  // The configured schema takes the place of the record's.
  const wanted = before.filter((file) => file.name !== 'schema.fcl')
  const content = new Map(
    await eachInOrder(wanted, async (file) => [file.name, await readable(file.path, () => readWhole(file))] as const),
  )
  const after = await readable(directory, () => listRecordFiles(directory))
  if (!sameFiles(before, after) || before.some((file) => (content.get(file.name)?.length ?? file.size) !== file.size)) {
    throw new RunRecordChangedError(directory, `The run record '${directory}' was written to while it was read`)
  }
  return content
}

/** Most files have the size that was seen, and take two trips through the thread pool then; `readFile` takes five. */
async function readWhole({ path, size }: RecordFile): Promise<Uint8Array> {
  await using file = await open(path)
  const bytes = Buffer.allocUnsafe(size + 1)
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
  // One byte less than there was room for: this is its end.
  return bytesRead === size ? bytes.subarray(0, size) : file.readFile()
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      const missing = error instanceof Error && 'path' in error ? String(error.path) : path
      const message = `'${missing}' vanished while the run record was read, or is a link that leads nowhere`
      throw new RunRecordChangedError(missing, message, { cause: error })
    }
    const reason = error instanceof Error ? error.message : String(error)
    throw new RunRecordError(`Cannot read '${path}': ${reason}`, {
      file: path,
      hint: 'Check its permissions and the disk it is on',
      cause: error,
    })
  }
}

/** The database knows a file by its stem, so a second file of the same name in a folder below would be lost. */
function refuseCollisions(directory: string, files: readonly RecordFile[]): void {
  const firstOf = new Map<string, string>([['schema.fcl', 'the configured schema.fcl']])
  for (const { name } of files) {
    if (!name.endsWith('.fcl') || name === 'schema.fcl') continue
    const stem = basename(name)
    const first = firstOf.get(stem)
    if (first !== undefined) {
      throw new RunRecordError(
        `The run record '${directory}' holds '${name}', which would be stored under the same name as ${first}`,
        {
          file: name,
          hint: 'Rename or remove one of them',
        },
      )
    }
    firstOf.set(stem, `'${name}'`)
  }
}

function sameFiles(one: readonly RecordFile[], other: readonly RecordFile[]): boolean {
  return (
    one.length === other.length &&
    one.every((file, index) => {
      const twin = other[index]
      return twin !== undefined && file.name === twin.name && file.size === twin.size && file.mtimeMs === twin.mtimeMs
    })
  )
}
