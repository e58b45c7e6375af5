/** run_summary.json: what the last run or batch came to, for people and programs. It is derived: pipeline.json is the source of truth. Replaced all at once. */
import { dirname, join } from 'node:path'
import { writeFileAtomic } from '@holdfast/atomic-file'

export const SUMMARY_NAME = 'run_summary.json'

/** Beside the state. Durable on return; resolves to its path. */
export async function writeSummary(statePath: string, summary: object): Promise<string> {
  const path = join(dirname(statePath), SUMMARY_NAME)
  await writeFileAtomic(path, `${JSON.stringify(summary, null, 2)}\n`)
  return path
}
