import { readdirSync } from 'node:fs'
import { openRunDatabase } from '@holdfast/artdaqdb'
import { openArchive } from '@holdfast/ucondb'
import type { TortureSite } from '../torture-site.ts'

interface StoreReport {
  readonly totalRuns?: number
  readonly ranges?: readonly (readonly [first: number, last: number])[]
}

export interface StatusReport {
  readonly filesystem: StoreReport
  readonly artdaqdb: StoreReport
  readonly ucondb: StoreReport
  readonly recommendations: readonly { readonly kind: string; readonly runs: number }[]
}

/** Where the report differs from what is really there. */
export async function findUntruths(report: StatusReport, site: TortureSite, recordsDir: string): Promise<string[]> {
  await using database = await openRunDatabase({ uri: site.databaseUri, readOnly: true })
  await using archive = await openArchive({ ...site.archive, folderName: 'runs', objectName: 'configuration' })
  const onDisk = readdirSync(recordsDir).map(Number)
  const stored = [...(await database.listRuns()).keys()]
  const archived = await archive.listRuns()
  const said = (kind: string): number => report.recommendations.find((one) => one.kind === kind)?.runs ?? 0
  const lacking = (runs: readonly number[], place: readonly number[]): number =>
    new Set(runs).difference(new Set(place)).size
  return [
    ...difference('file system', report.filesystem, onDisk),
    ...difference('artdaqDB', report.artdaqdb, stored),
    ...difference('UconDB', report.ucondb, archived),
    ...(said('import') === lacking(onDisk, stored) ? [] : ['the report counts other runs to import']),
    ...(said('migrate') === lacking(stored, archived) ? [] : ['the report counts other runs to migrate']),
  ]
}

function difference(place: string, { totalRuns, ranges = [] }: StoreReport, found: readonly number[]): string[] {
  const told = ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index))
  const expected = [...found].sort((one, other) => one - other)
  return totalRuns === found.length && told.join() === expected.join()
    ? []
    : [`the report tells ${totalRuns} runs in ${place}, in truth there are ${found.length}`]
}
