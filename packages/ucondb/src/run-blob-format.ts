/**
 * The text form in which a run's configuration is archived in UconDB, shared with the Python archiver:
 *
 *     Start of Record            End of Record
 *     Run Number: 18255          Run Number: 18255
 *     Packed on Nov 21 00:15 UTC Packed on Nov 21 00:15 UTC
 *
 * as first and last lines, and between them for every file `#####`, `<name>:`, `#####` on lines of their own, then its bytes. One line feed
 * before each marker and before the last block belongs to the frame, not to the file before it.
 */

const FIRST_BLOCK = /^Start of Record\nRun Number: ([0-9]{1,15})\nPacked on ([^\n]*)\n/
const LAST_BLOCK = /\nEnd of Record\nRun Number: ([0-9]{1,15})\nPacked on ([^\n]*)(\n?)$/
// Longer than any first or last block.
const BLOCK_REACH = 300

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The first and last lines of a blob, without what is between them. */
export interface RunBlobFrame {
  readonly runNumber: number
  /** As written, without a year: `Nov 21 00:15 UTC`. */
  readonly packedOn: string
  /** Where the files begin (their first byte is the line feed of the first marker) and end. */
  readonly start: number
  readonly end: number
  /** Blobs written here and by the Python archiver end in a line feed. */
  readonly endsInLineFeed: boolean
}

export function formatFirstBlock(runNumber: number, packedOn: string): string {
  return `Start of Record\nRun Number: ${runNumber}\nPacked on ${packedOn}\n`
}

export function formatLastBlock(runNumber: number, packedOn: string): string {
  return `\nEnd of Record\nRun Number: ${runNumber}\nPacked on ${packedOn}\n`
}

export function formatMarker(name: string): string {
  return `\n#####\n${name}:\n#####\n`
}

export function formatPackedOn(instant: Date): string {
  const twoDigits = (value: number): string => String(value).padStart(2, '0')
  const day = `${MONTHS[instant.getUTCMonth()]} ${twoDigits(instant.getUTCDate())}`
  return `${day} ${twoDigits(instant.getUTCHours())}:${twoDigits(instant.getUTCMinutes())} UTC`
}

/** Finds the frame, or tells everything that is wrong with it. The last block is looked for at the very end, so a file may hold a copy of it. */
export function findFrame(blob: Uint8Array): RunBlobFrame | { readonly problems: readonly string[] } {
  const head = Buffer.from(blob.subarray(0, BLOCK_REACH)).toString('latin1')
  const tailStart = Math.max(0, blob.length - BLOCK_REACH)
  const tail = Buffer.from(blob.subarray(tailStart)).toString('latin1')
  const first = FIRST_BLOCK.exec(head)
  const last = LAST_BLOCK.exec(tail)
  const problems: string[] = []
  if (first === null) problems.push("it does not begin with a 'Start of Record' block")
  if (last === null) problems.push("it does not end with an 'End of Record' block, so its end may be missing")
  if (first === null || last === null) return { problems }
  const [firstBlock, firstRun, packedOn = ''] = first
  if (firstRun !== last[1]) return { problems: [`it begins as run ${firstRun} and ends as run ${last[1]}`] }
  const endsInLineFeed = last[3] === '\n'
  if (!endsInLineFeed && last[2] !== packedOn) return { problems: ['its last line is cut'] }
  const end = tailStart + last.index
  // An empty record: the last block's line feed directly follows the first block.
  if (end < firstBlock.length) return { problems: ['its first and last block overlap'] }
  return { runNumber: Number(firstRun), packedOn, start: firstBlock.length, end, endsInLineFeed }
}
