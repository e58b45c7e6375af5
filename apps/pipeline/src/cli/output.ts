import { errorCode } from '@holdfast/atomic-file'
import { OperatorError } from './cli-errors.js'
import type { OutputStream } from './process-like.js'

/** The result cannot be written; the work was done. */
export class OutputError extends OperatorError {
  override readonly name = 'OutputError'
}

/** Waits until the text is written. A reader that went away, as in `pipeline status | head`, is no error. @throws OutputError */
export function print(stream: OutputStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      const code = errorCode(error)
      if (error == null || code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return resolve()
      const message = `The command was carried out, but its result cannot be written: ${error.message}`
      reject(new OutputError(message, { ...(code === undefined ? {} : { code }), cause: error }))
    })
  })
}

/** A line about the work. That it cannot be shown stops nothing. */
export function tell(stream: OutputStream, text: string): void {
  stream.write(`pipeline: ${text}\n`, () => undefined)
}
