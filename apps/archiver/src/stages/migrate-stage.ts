import type { RunDatabase } from '@holdfast/artdaqdb'
import { buildRunBlob, type RunArchive, sameRunBlob, validateRunBlob } from '@holdfast/ucondb'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { VerificationError } from '../errors.js'
import type { Logger } from '../log/logger.js'
import { listRunDirectories } from '../record/run-directories.js'
import type { Stage } from './stage.js'
import { findStoredRuns } from './stored-runs.js'

export interface MigrateStageOptions {
  /** Check each archived blob for the metadata it must hold. */
  readonly validate: boolean
  readonly signal: AbortSignal
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** From artdaqDB into UconDB. */
export function createMigrateStage(
  config: ArchiverConfig,
  database: RunDatabase,
  archive: RunArchive,
  logger: Logger,
  options: MigrateStageOptions,
): Stage {
  return {
    name: 'Migration',
    files: config.migrate,
    recoverFlag: '--recover-migrate-state',
    retryFlag: '--retry-failed-migrate',

    async listSource(isInQuestion) {
      // Without the run records, completeness can only be judged by the schema.
      const directories = await listRunDirectories(config.runRecordsDir).catch(() => new Map<number, string>())
      const { complete, incomplete } = await findStoredRuns(database, directories, config.generate, isInQuestion)
      for (const [run, missing] of incomplete) {
        logger.warn(
          `[Migration] [Run ${run}] is not migrated: artdaqDB lacks its ${missing.join(', ')}; import it again first`,
        )
      }
      return complete
    },

    async listDestination() {
      return new Set(await archive.listRuns())
    },

    async moveRun(run) {
      const key = String(run)
      const files = (await database.exportRun(run)).map(({ path, text }) => ({ name: path, content: text }))
      const blob = buildRunBlob({ runNumber: run, packedAt: new Date(options.now()), files })
      await archive.put(key, blob.bytes, { equivalent: sameRunBlob })
      const archived = await archive.get(key)
      if (!sameRunBlob(archived, blob.bytes))
        throw new VerificationError(`Run ${run} reads back from UconDB with other bytes than were archived`)
      const problems = blob.warnings.map((warning) => warning.message)
      if (options.validate) problems.push(...validateRunBlob(archived, { runNumber: run }).problems)
      return { bytes: blob.bytes.length, problems }
    },
  }
}
