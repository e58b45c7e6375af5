import { writeSync } from 'node:fs'

/** Tells the pipeline something while the work goes on: one line of JSON on the descriptor that it has named. */
export function tell(message) {
  const descriptor = Number(process.env['PIPELINE_EVENTS_FD'])
  if (descriptor > 0) writeSync(descriptor, `${JSON.stringify(message)}\n`)
}
