import { basename } from 'node:path'
import type { RunDatabase, RunFile, StoreResult } from '@holdfast/artdaqdb'
import { errorCode } from '@holdfast/atomic-file'
import { type ConvertedRunRecord, convertRunRecord, type FileContent, readRunRecordFile } from '@holdfast/fhicl'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { RunRecordChangedError } from '../errors.js'
import type { Logger } from '../log/logger.js'
import { firstUnsettledRun } from '../record/first-unsettled-run.js'
import { readRecord } from '../record/read-record.js'
import { readSchema } from '../record/read-schema.js'
import { listRunDirectories, type RunDirectories } from '../record/run-directories.js'
import type { Stage } from './stage.js'
import { findStoredRuns } from './stored-runs.js'

export interface ImportStageOptions {
  /** Whether UconDB holds a run already. */
  readonly isArchived: (run: number) => Promise<boolean>
  /** Runs from the first record on that has changed so recently are left for later. @default none is */
  readonly settleMs?: number | undefined
  /** Told when runs were left for that reason. */
  readonly onUnsettled?: () => void
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** From run records on the file system into artdaqDB. */
export function createImportStage(
  config: ArchiverConfig,
  database: RunDatabase,
  logger: Logger,
  { isArchived, settleMs, onUnsettled, now }: ImportStageOptions,
): Stage {
  let directories: RunDirectories = new Map()
  let schema: Promise<string> | undefined

  return {
    name: 'Import',
    files: config.import,
    recoverFlag: '--recover-import-state',
    retryFlag: '--retry-failed-import',

    async listSource(isInQuestion) {
      directories = await listRunDirectories(config.runRecordsDir)
      const runs = new Set(directories.keys())
      if (settleMs === undefined) return runs
      const unsettled = await firstUnsettledRun(directories, isInQuestion, { settleMs, nowMs: now() })
      if (unsettled === undefined) return runs
      logger.info(`[Import] Run ${unsettled} may still be written: it and those above it are left for later`)
      onUnsettled?.()
      // Were those above it taken, it would be a late run.
      return new Set([...runs].filter((run) => run < unsettled))
    },

    async listDestination(isInQuestion) {
      const { complete, incomplete } = await findStoredRuns(database, directories, config.generate, isInQuestion)
      for (const [run, missing] of incomplete) {
        logger.warn(`[Import] [Run ${run}] is in artdaqDB without ${missing.join(', ')} and counts as not archived`)
      }
      return complete
    },

    async moveRun(run) {
      const directory = directories.get(run)
      if (directory === undefined) {
        throw new RunRecordChangedError(
          config.runRecordsDir,
          `There is no run record for run ${run} in '${config.runRecordsDir}'`,
        )
      }
      schema ??= readSchema(config.database.schemaDir)
      const schemaText = await schema
      const record = convertRunRecord({ files: await readRecord(directory), runNumber: run, generate: config.generate })
      const outcome = await storeRecord(database, run, record, schemaText)
      const bytes = sizeOf(record)
      if (outcome !== 'completed' || !(await isArchived(run))) return { bytes, problems: [] }
      const problem =
        'it was completed in artdaqDB, but UconDB holds it as it was before; a version there is never replaced: settle it with its administrator'
      return { bytes, problems: [problem] }
    },
  }
}

async function storeRecord(
  database: RunDatabase,
  run: number,
  record: ConvertedRunRecord,
  schema: string,
): Promise<StoreResult['outcome']> {
  const update = record.update === undefined ? {} : { update: { files: toRunFiles(record.update), schema } }
  try {
    const { outcome } = await database.storeRun({
      run,
      configuration: record.configurationName,
      files: toRunFiles(record.insert),
      schema,
      ...update,
    })
    return outcome
  } catch (error) {
    if (errorCode(error) === 'ERR_FHICL_SYNTAX') explainRefusedFile(record, error)
    throw error
  }
}

/** Reads the refused file once more, this time knowing what it was made of. */
function explainRefusedFile(record: ConvertedRunRecord, error: unknown): void {
  const source = error instanceof Error && 'source' in error ? error.source : undefined
  for (const [name, content] of [...record.insert, ...(record.update ?? [])]) {
    if (basename(name) === source) readRunRecordFile(name, content, record.convertedFrom.get(name))
  }
}

function sizeOf({ insert, update }: ConvertedRunRecord): number {
  const files = [...insert.values(), ...(update?.values() ?? [])]
  return files.reduce((sum, content) => sum + content.length, 0)
}

function toRunFiles(files: ReadonlyMap<string, FileContent>): RunFile[] {
  return [...files].map(([name, content]) => ({ name: basename(name), text: asText(content) }))
}

/** FHiCL is ASCII; any other byte becomes a character that the reader refuses at its place. */
function asText(content: FileContent): string {
  if (typeof content === 'string') return content
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1')
}
