import { fstatSync, writeSync } from 'node:fs'
import { OutputError } from './errors.js'
import { codeOf } from './exit-codes.js'
import type { OutputStream } from './process-like.js'

/**
 * Writes a result, and resolves when all of it is written. A reader that went away, as in `mamfast state list | head`, is no error.
 *
 * @throws OutputError when it cannot be written, not even in part: a disk that fills up on the way is an error, too.
 */
export async function printResult(stream: OutputStream, text: string): Promise<void> {
  try {
    if (stream.fd !== undefined && isFile(stream.fd)) writeToFile(stream.fd, text)
    else await writeToStream(stream, text)
  } catch (error) {
    if (READER_LEFT.has(codeOf(error) ?? '')) return
    throw error instanceof Error ? new OutputError(error) : error
  }
}

/** At the first write, and at those after it. */
const READER_LEFT: ReadonlySet<string> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED'])

/** Node's stream for files takes a write that was cut short by a full disk for a whole one. */
function writeToFile(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
}

function writeToStream(stream: OutputStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error == null ? resolve() : reject(error)))
  })
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    return false
  }
}
