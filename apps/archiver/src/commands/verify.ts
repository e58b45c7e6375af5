import { EXIT } from '../cli/exit-codes.js'
import type { Execution } from '../execution.js'
import { listRunDirectories } from '../record/run-directories.js'
import { renderVerification, type Verification } from '../report/render-verification.js'
import type { RunRange } from '../report/run-ranges.js'
import { readStageLog } from '../runs/stage-log.js'
import { findStoredRuns } from '../stages/stored-runs.js'
import { isWithin, sampleOf } from '../verify/choose-runs.js'
import { readBack, type VerifyFinding } from '../verify/verify-runs.js'
import type { CommandContext } from './command.js'

export interface VerifyRequest {
  readonly runs: readonly RunRange[] | undefined
  readonly sample: number | undefined
}

/** Reads archived runs back and compares them with artdaqDB. Damage, in either, is a failure. Writes nothing. */
export async function verifyArchive({ runs, sample }: VerifyRequest, context: CommandContext): Promise<Execution> {
  const { config, stores, logger, signal } = context
  await using database = await stores.openDatabase('read')
  await using archive = await stores.openArchive()
  const isWanted = isWithin(runs)
  const archivedRuns = await archive.listRuns({ signal })
  const candidates = archivedRuns.filter(isWanted)
  const chosen = sample === undefined ? candidates : sampleOf(candidates, sample, context.random)
  // What the record leads to decides whether a run should have been migrated at all.
  const directories = await listRunDirectories(config.runRecordsDir).catch(() => new Map<number, string>())
  const archived = new Set(archivedRuns)
  const isUnarchived = (run: number): boolean => isWanted(run) && !archived.has(run)
  const { complete, incomplete } = await findStoredRuns(database, directories, config.generate, isUnarchived)
  const { failures, startRun, problems } = await readStageLog(config.migrate, logger)
  const failed = new Set(failures)
  const unarchived = [...complete].filter(isUnarchived)
  const missing = unarchived.filter((run) => run <= startRun && !failed.has(run))

  logger.info(`Reading ${chosen.length} archived runs back`)
  const { findings, ...result } = await readBack(chosen, {
    archive,
    database,
    isStored: (run) => complete.has(run) || incomplete.has(run),
    workers: config.parallelWorkers,
    progressBar: context.progressBar,
    signal,
    now: context.now,
  })
  const lost = missing.map((run): VerifyFinding => ({ kind: 'missing', run }))
  const verification: Verification = {
    ...(runs === undefined ? {} : { runs }),
    ...(sample === undefined ? {} : { sample: { wanted: sample, of: candidates.length } }),
    chosen: chosen.length,
    compared: chosen.length - result.notCompared,
    ...result,
    notYetArchived: unarchived.length - missing.length,
    problems,
    findings: [...findings, ...lost].sort((one, other) => one.run - other.run),
  }
  const isSound = verification.findings.length === 0 && problems.length === 0 && result.stoppedBy === undefined
  return {
    text: renderVerification(verification),
    document: verification,
    exitCode: isSound ? EXIT.success : EXIT.failure,
  }
}
