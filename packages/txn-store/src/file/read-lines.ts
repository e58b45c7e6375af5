import type { FileHandle } from 'node:fs/promises'
import { readFully } from './read-lines-backwards.js'

/**
 * The lines of a file from its beginning. Only a line feed ends a line: Node's own reader takes U+2028 for an end, too, which JSON may hold. What is behind
 * the last line feed, half a line of a killed writer, is left out.
 */
export async function* readLines(handle: FileHandle): AsyncGenerator<string, void, void> {
  const { size } = await handle.stat()
  let pending: Buffer[] = []
  for (let position = 0; position < size; ) {
    const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, size - position))
    await readFully(handle, block, position)
    position += block.length
    let start = 0
    for (let feed = block.indexOf(LINE_FEED); feed !== -1; feed = block.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...pending, block.subarray(start, feed)]).toString('utf8')
      pending = []
      start = feed + 1
    }
    if (start < block.length) pending.push(block.subarray(start))
  }
}

const BLOCK_BYTES = 65_536
const LINE_FEED = 0x0a
