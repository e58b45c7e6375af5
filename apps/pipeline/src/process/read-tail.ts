import { open } from 'node:fs/promises'

/** The last lines of a text file, at most this many and not beginning before `from`. */
export async function readTail(
  path: string,
  { lines, from = 0 }: { readonly lines: number; readonly from?: number },
): Promise<string[]> {
  await using handle = await open(path, 'r')
  const { size } = await handle.stat()
  const start = Math.max(from, size - MAX_TAIL_BYTES)
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(Math.max(0, size - start)),
    0,
    Math.max(0, size - start),
    start,
  )
  const text = buffer.subarray(0, bytesRead).toString('utf8')
  return text
    .split(/\r?\n|\r/)
    .filter((line) => line.trim() !== '')
    .slice(-lines)
    .map((line) => line.slice(0, MAX_LINE_LENGTH))
}

const MAX_TAIL_BYTES = 16 * 1024
const MAX_LINE_LENGTH = 500
