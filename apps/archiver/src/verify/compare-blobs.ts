import { type RunBlobFile, sameRunBlob, unpackRunBlob } from '@holdfast/ucondb'

/** How an archived blob differs from what artdaqDB holds now. */
export interface BlobDifference {
  readonly onlyInArchive: readonly string[]
  readonly onlyInArtdaqdb: readonly string[]
  /** Files that both hold with other content. */
  readonly changed: readonly string[]
  /** The first of `changed`: its first line that differs, from 1, and what each side has there. */
  readonly first?: {
    readonly file: string
    readonly line: number
    readonly archived: string
    readonly artdaqdb: string
  }
}

const MAX_LINE = 200
const LINE_FEED = 0x0a

/**
 * `undefined` when both are the same record; the minute of the packing does not count, as in a migration.
 *
 * @throws RunBlobError when one of them cannot be taken apart
 */
export function compareBlobs(archived: Uint8Array, expected: Uint8Array): BlobDifference | undefined {
  if (sameRunBlob(archived, expected)) return undefined
  const inArchive = byName(unpackRunBlob(archived).files)
  const inArtdaqdb = byName(unpackRunBlob(expected).files)
  const changed = [...inArchive].filter(([name, content]) => {
    const other = inArtdaqdb.get(name)
    return other !== undefined && Buffer.compare(content, other) !== 0
  })
  const [file] = changed[0] ?? []
  return {
    onlyInArchive: [...inArchive.keys()].filter((name) => !inArtdaqdb.has(name)),
    onlyInArtdaqdb: [...inArtdaqdb.keys()].filter((name) => !inArchive.has(name)),
    changed: changed.map(([name]) => name),
    ...(file === undefined
      ? {}
      : { first: { file, ...firstDifference(inArchive.get(file) ?? EMPTY, inArtdaqdb.get(file) ?? EMPTY) } }),
  }
}

const EMPTY = new Uint8Array()

/** A name can occur twice when a file holds what looks like the beginning of another one; the pieces count as one. */
function byName(files: readonly RunBlobFile[]): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  for (const { name, content } of files) {
    const before = found.get(name)
    found.set(name, before === undefined ? content : Buffer.concat([before, content]))
  }
  return found
}

function firstDifference(one: Uint8Array, other: Uint8Array) {
  let at = 0
  while (at < one.length && at < other.length && one[at] === other[at]) at += 1
  const start = one.subarray(0, at).lastIndexOf(LINE_FEED) + 1
  let line = 1
  for (let index = 0; index < start; index += 1) if (one[index] === LINE_FEED) line += 1
  return { line, archived: lineAt(one, start), artdaqdb: lineAt(other, start) }
}

function lineAt(content: Uint8Array, start: number): string {
  const end = content.indexOf(LINE_FEED, start)
  const whole = content.subarray(start, end < 0 ? content.length : end)
  const text = Buffer.from(whole.subarray(0, MAX_LINE)).toString('utf8')
  return whole.length > MAX_LINE ? `${text}…` : text
}
