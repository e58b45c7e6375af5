import { isUtf8 } from 'node:buffer'
import { RunBlobError } from './errors.js'
import { findFrame } from './run-blob-format.js'

export interface RunBlobFile {
  readonly name: string
  /** The file's bytes as they are in the blob, in whatever encoding. */
  readonly content: Uint8Array
}

export interface RunBlob {
  readonly runNumber: number
  /** As written, without a year: `Nov 21 00:15 UTC`. */
  readonly packedOn: string
  /** In the blob's order. A name can occur more than once. */
  readonly files: readonly RunBlobFile[]
}

const MARKER = /\n#####\n([^\n]+):\n#####\n/g

/**
 * Takes a run blob apart. Old blobs in Latin-1 are read like all others: contents are bytes, and a name that is not UTF-8 is read as Latin-1.
 * A file that holds a copy of the record's last lines is read right. A file that holds the three lines of a marker itself (`#####`, `name:`,
 * `#####`) cannot be told from two files; `buildRunBlob` warns of such files.
 *
 * @throws RunBlobError with all problems when the first or last lines are missing (a cut blob), contradict each other, or text precedes the first marker
 * @example for (const { name, content } of unpackRunBlob(await archive.get('18255')).files) await writeFile(name, content)
 */
export function unpackRunBlob(blob: Uint8Array): RunBlob {
  const frame = findFrame(blob)
  if ('problems' in frame) throw new RunBlobError('unpack the run blob', frame.problems)
  const text = Buffer.from(blob.buffer, blob.byteOffset + frame.start, frame.end - frame.start).toString('latin1')
  // One character a byte, so that positions in the text are positions in the bytes.
  const markers = [...text.matchAll(MARKER)]
  if ((markers[0]?.index ?? text.length) !== 0) {
    throw new RunBlobError('unpack the run blob', ['it holds text that belongs to no file'])
  }
  const files = markers.map((marker, index) => {
    const start = frame.start + marker.index + marker[0].length
    const end = frame.start + (markers[index + 1]?.index ?? text.length)
    return { name: decodeName(marker[1] ?? ''), content: new Uint8Array(blob.subarray(start, end)) }
  })
  return { runNumber: frame.runNumber, packedOn: frame.packedOn, files }
}

function decodeName(latin1Name: string): string {
  const bytes = Buffer.from(latin1Name, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : latin1Name
}
