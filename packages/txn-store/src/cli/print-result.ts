import { fstatSync, writeSync } from 'node:fs'
import { errorCode } from '@holdfast/atomic-file'
import { OperatorError } from './cli-errors.js'
import type { OutputStream } from './process-like.js'

/** The result cannot be written. */
export class OutputError extends OperatorError {}

/**
 * Waits until the text is written. A reader that went away, as in `holdfast-state show … | head`, is no error.
 *
 * @throws OutputError when it cannot be written, also when that is found out in the middle
 */
export async function printResult(stream: OutputStream, text: string): Promise<void> {
  try {
    if (stream.fd !== undefined && isFile(stream.fd)) writeToFile(stream.fd, text)
    else await writeToStream(stream, text)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EPIPE') return
    const reason = error instanceof Error ? error.message : String(error)
    const message = `The command was carried out, but its result cannot be written: ${reason}`
    throw new OutputError(message, { code, cause: error })
  }
}

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
