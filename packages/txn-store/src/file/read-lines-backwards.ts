import type { FileHandle } from 'node:fs/promises'

export interface FoundLine {
  readonly text: string
  /** Where the line begins and where the next one does, in bytes. */
  readonly start: number
  readonly end: number
  /** `false`: the last line of the file, and its line feed is missing. */
  readonly complete: boolean
}

/** The lines of a file from its end to its beginning. Reads only as many blocks as are asked for. */
export async function* readLinesBackwards(handle: FileHandle, size: number): AsyncGenerator<FoundLine, void, void> {
  // Bytes from `start` on that are not yet told, as blocks in the order of the file.
  let pending: Buffer[] = []
  let start = size
  let end = size
  let complete = false
  while (start > 0) {
    const length = Math.min(BLOCK_BYTES, start)
    const block = Buffer.allocUnsafe(length)
    start -= length
    await readFully(handle, block, start)
    for (let cut = block.length; cut > 0; ) {
      const feed = block.lastIndexOf(LINE_FEED, cut - 1)
      if (feed === -1) {
        pending.unshift(block.subarray(0, cut))
        break
      }
      const lineStart = start + feed + 1
      if (lineStart < end) {
        const text = Buffer.concat([block.subarray(feed + 1, cut), ...pending]).toString('utf8')
        yield { text, start: lineStart, end: complete ? end + 1 : end, complete }
      }
      pending = []
      end = start + feed
      complete = true
      cut = feed
    }
  }
  if (pending.length > 0) {
    yield { text: Buffer.concat(pending).toString('utf8'), start: 0, end: complete ? end + 1 : end, complete }
  }
}

const BLOCK_BYTES = 8192
const LINE_FEED = 0x0a

/** @throws Error when the file is shorter than expected. */
export async function readFully(handle: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let filled = 0; filled < into.length; ) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled)
    if (bytesRead === 0) throw new Error('The file became shorter while it was read')
    filled += bytesRead
  }
}
