import { isUtf8 } from 'node:buffer'
import { posix } from 'node:path'
import { RunBlobError } from './errors.js'
import { inCodePointOrder } from './names.js'
import { formatFirstBlock, formatLastBlock, formatMarker, formatPackedOn } from './run-blob-format.js'
import { type RunBlobFile, unpackRunBlob } from './unpack-run-blob.js'

export interface RunBlobInput {
  readonly runNumber: number
  /** Written in UTC to the minute, without the year. */
  readonly packedAt: Date
  /** In any order. `name` may be a path; its last part is used. Text is written as UTF-8. */
  readonly files: readonly { readonly name: string; readonly content: string | Uint8Array }[]
}

export interface RunBlobWarning {
  /** The file's name in the blob. */
  readonly file: string
  /** `bytes-dropped`: it was not UTF-8 and lost its bytes above 0x7f. `looks-like-marker`: unpacking the blob gives other files than were packed. */
  readonly kind: 'bytes-dropped' | 'looks-like-marker'
  readonly message: string
}

export interface BuiltRunBlob {
  readonly bytes: Uint8Array
  /** What a reader of the blob will not get back; show these to the operator. */
  readonly warnings: readonly RunBlobWarning[]
}

// These come last and in this order; all others come before them by name.
const LAST_FILES = [
  'boot',
  'known_boardreaders_list',
  'setup',
  'environment',
  'metadata',
  'settings',
  'ranks',
  'RunHistory',
  'RunHistory2',
].map((stem) => `${stem.toLowerCase()}.fcl`)

/**
 * Packs the exported files of one run into the body that is archived in UconDB, byte for byte as the Python archiver does, except that no file is
 * lost: the same name with other content is refused (there one of the two survived), and names that differ only in case are both packed.
 *
 * @throws RunBlobError with all problems: no files, a name used for two contents, a name that cannot be written
 * @throws RangeError for a run number or date that cannot be written
 * @example const { bytes, warnings } = buildRunBlob({ runNumber: 18255, packedAt: new Date(), files })
 */
export function buildRunBlob(input: RunBlobInput): BuiltRunBlob {
  const { runNumber, packedAt } = input
  if (!Number.isInteger(runNumber) || runNumber < 0 || runNumber >= 1e15) {
    throw new RangeError(`A run number is a whole number from 0, received ${runNumber}`)
  }
  if (Number.isNaN(packedAt.getTime())) throw new RangeError('The time of packing is not a valid date')
  const warnings: RunBlobWarning[] = []
  const files = inBlobOrder(withoutCopies(input.files.map((file) => normalize(file, warnings))))
  const packedOn = formatPackedOn(packedAt)
  const bytes = Buffer.concat([
    Buffer.from(formatFirstBlock(runNumber, packedOn)),
    ...files.flatMap(({ name, content }) => [Buffer.from(formatMarker(name)), content]),
    Buffer.from(formatLastBlock(runNumber, packedOn)),
  ])
  warnings.push(...findAmbiguity(bytes, files))
  return { bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), warnings }
}

function normalize(file: RunBlobInput['files'][number], warnings: RunBlobWarning[]): RunBlobFile {
  const name = posix.basename(file.name)
  if (typeof file.content === 'string') {
    if (!file.content.isWellFormed())
      throw new TypeError(`The text of '${file.name}' holds half a character (a lone surrogate)`)
    return { name, content: Buffer.from(file.content, 'utf8') }
  }
  if (isUtf8(file.content)) return { name, content: file.content }
  const content = file.content.filter((byte) => byte < 0x80)
  const dropped = file.content.length - content.length
  const message = `'${file.name}' is not UTF-8; ${dropped} of its bytes were left out of the archived copy`
  warnings.push({ file: name, kind: 'bytes-dropped', message })
  return { name, content }
}

function withoutCopies(files: readonly RunBlobFile[]): RunBlobFile[] {
  const byName = new Map<string, RunBlobFile>()
  const problems = new Set<string>()
  if (files.length === 0) problems.add('there are no files')
  for (const file of files) {
    const { name, content } = file
    if (!/^[^\n\0]+$/.test(name) || !name.isWellFormed())
      problems.add(`${JSON.stringify(name)} cannot be written as a file name`)
    const earlier = byName.get(name)
    if (earlier !== undefined && Buffer.compare(earlier.content, content) !== 0) {
      problems.add(`there are two different files '${name}', and the blob keeps them by name only`)
    }
    byName.set(name, file)
  }
  if (problems.size > 0) throw new RunBlobError('pack the run', [...problems])
  return [...byName.values()]
}

function inBlobOrder(files: readonly RunBlobFile[]): RunBlobFile[] {
  const rank = (file: RunBlobFile): number => LAST_FILES.indexOf(file.name.toLowerCase())
  return [...files].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      inCodePointOrder(a.name.toLowerCase(), b.name.toLowerCase()) ||
      inCodePointOrder(a.name, b.name),
  )
}

const MARKER_LINE = '#####'

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Compares what a reader would get with what was packed, which finds every text that could pass for a marker, wherever it comes from. */
function findAmbiguity(blob: Uint8Array, files: readonly RunBlobFile[]): RunBlobWarning[] {
  // What holds no such line cannot pass for a marker.
  if (!files.some(({ name, content }) => name.includes(MARKER_LINE) || asBuffer(content).includes(MARKER_LINE)))
    return []
  const read = unpackRunBlob(blob).files
  const index = files.findIndex((file, at) => {
    const found = read[at]
    return found?.name !== file.name || Buffer.compare(found.content, file.content) !== 0
  })
  const file = files[index]?.name
  if (file === undefined) return []
  const message = `'${file}' holds lines that look like the beginning of another file; unpacking the blob will cut it there`
  return [{ file, kind: 'looks-like-marker', message }]
}
