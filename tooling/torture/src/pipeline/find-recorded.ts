import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import type { PipelineSite } from './pipeline-site.ts'

type Table = Readonly<Record<string, unknown>>

export interface RecordedUnit {
  readonly unit: string
  readonly status: unknown
  readonly hasOwner: boolean
  /** What is wrong with the files that it has among its artifacts. */
  readonly badFiles: readonly string[]
}

/** Everything that the newest commit tells of phases and items. */
export async function findRecorded(site: PipelineSite): Promise<RecordedUnit[]> {
  await using state = new PipelineState(site.statePath)
  const document: Table = await state.read()
  return Object.keys(document).flatMap((phase) => {
    const entry = tableIn(tableIn(document[phase])['files'])['book']
    if (entry === undefined) return []
    const chunks = tableIn(entry)['chunks']
    const items = Array.isArray(chunks) ? chunks.map(tableIn) : []
    return [
      describe(site, phase, tableIn(entry)),
      ...items.map((item) => describe(site, `${phase}/${String(item['chunk_id'])}`, item)),
    ]
  })
}

function describe({ folder }: PipelineSite, unit: string, entry: Table): RecordedUnit {
  const files = Object.values(tableIn(entry['artifacts'])).flat().map(tableIn)
  const badFiles = files.flatMap((file) => {
    const path = resolve(folder, String(file['path']))
    if (!existsSync(path)) return [`${path} is missing`]
    const sum = createHash('sha256').update(readFileSync(path)).digest('hex')
    return sum === file['sha256'] ? [] : [`${path} is not what was recorded`]
  })
  return { unit, status: entry['status'], hasOwner: 'owner' in entry, badFiles }
}

function tableIn(value: unknown): Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {}
}
