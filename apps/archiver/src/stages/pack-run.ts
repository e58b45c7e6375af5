import type { RunDatabase } from '@holdfast/artdaqdb'
import { type BuiltRunBlob, buildRunBlob } from '@holdfast/ucondb'

/** The blob that a run of artdaqDB is archived as; what is archived is compared with it. */
export async function packRun(database: RunDatabase, run: number, packedAt: Date): Promise<BuiltRunBlob> {
  const files = (await database.exportRun(run)).map(({ path, text }) => ({ name: path, content: text }))
  return buildRunBlob({ runNumber: run, packedAt, files })
}
