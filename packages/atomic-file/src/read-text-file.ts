import { isUtf8 } from 'node:buffer'
import { InvalidUtf8Error } from './errors.js'
import { type AtomicFileDeps, resolveFs } from './file-system.js'

/**
 * Reads a whole file as UTF-8 text. Unlike `fs.readFile(path, 'utf8')` it never turns unknown bytes into U+FFFD, so text that is written back
 * is the text that was there. A byte-order mark is kept.
 *
 * @throws InvalidUtf8Error when the bytes are not UTF-8; the system's own error (`ENOENT`, `EACCES`, …) when the file cannot be read.
 * @example const state = JSON.parse(await readTextFile('/var/lib/app/state.json'))
 */
export async function readTextFile(path: string, deps?: AtomicFileDeps): Promise<string> {
  return decodeUtf8(await resolveFs(deps).readFile(path), path)
}

/**
 * Decodes UTF-8 bytes; `source` names them in the error.
 *
 * @throws InvalidUtf8Error when the bytes are not UTF-8.
 * @example decodeUtf8(new Uint8Array([0x68, 0x69]), 'greeting.txt') // 'hi'
 */
export function decodeUtf8(bytes: Uint8Array, source: string): string {
  if (!isUtf8(bytes)) throw new InvalidUtf8Error(source, firstInvalidOffset(bytes))
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

// Large files are searched block by block, because a check per character would take minutes.
const BLOCK_BYTES = 1 << 16

function firstInvalidOffset(bytes: Uint8Array): number {
  let offset = 0
  for (;;) {
    const end = characterBoundary(bytes, Math.min(offset + BLOCK_BYTES, bytes.length))
    if (!isUtf8(bytes.subarray(offset, end))) break
    offset = end
  }
  for (;;) {
    const length = sequenceLength(bytes[offset] ?? 0)
    if (length === 0 || !isUtf8(bytes.subarray(offset, offset + length))) return offset
    offset += length
  }
}

/** The last place up to `end` where a character may begin. */
function characterBoundary(bytes: Uint8Array, end: number): number {
  for (let place = end; place > end - 4; place -= 1) if (!isContinuation(bytes[place] ?? 0)) return place
  return end
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf
}

function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1
  if (lead >= 0xc2 && lead <= 0xdf) return 2
  if (lead >= 0xe0 && lead <= 0xef) return 3
  if (lead >= 0xf0 && lead <= 0xf4) return 4
  return 0
}
