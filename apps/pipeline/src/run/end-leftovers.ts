import { endProcesses } from '../process/end-processes.js'
import { findEntry, readUnit } from '../record/unit-record.js'
import type { RunContext } from './run-context.js'

/** Ends what a killed run of this input has left running, in whichever phase: it would write into the files of this one. */
export async function endLeftovers(
  document: Readonly<Record<string, unknown>>,
  { job, graceMs, hurry }: Pick<RunContext, 'job' | 'graceMs' | 'hurry'>,
): Promise<void> {
  const records = Object.keys(document).map((phase) => readUnit(findEntry(document, phase, job.fileId)))
  const markers = records.flatMap((record) => [record, ...(record?.items ?? [])]).map((unit) => unit?.raw['marker'])
  await Promise.all(
    markers
      .filter((marker) => typeof marker === 'string')
      .map((marker) => endProcesses(undefined, { marker, graceMs, hurry })),
  )
}
