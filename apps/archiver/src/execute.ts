import type { RunDatabase } from '@holdfast/artdaqdb'
import { appendToFailureLog, RunProgress } from '@holdfast/state'
import { withAlerts } from './alerts/with-alerts.js'
import { EXIT } from './cli/exit-codes.js'
import type { ArchiverOptions } from './cli/options.js'
import { runCommand } from './commands/run-command.js'
import type { ArchiverConfig } from './config/archiver-config.js'
import type { Execution } from './execution.js'
import { readHistory } from './history/read-history.js'
import type { Logger } from './log/logger.js'
import type { ExecutionMetrics } from './metrics/collector.js'
import { listRunDirectories } from './record/run-directories.js'
import { recoverState, renderRecovery } from './recover/recover-state.js'
import { renderOutcomes } from './report/render-outcomes.js'
import { renderCheck, renderRebuild } from './report/render-rebuild.js'
import { reportStatus } from './report/report-status.js'
import { createImportStage } from './stages/import-stage.js'
import { createMigrateStage } from './stages/migrate-stage.js'
import type { ArchiverObserver, RunEvent } from './stages/run-events.js'
import { hasFailures, isBroken, runPipeline, type StageOutcome } from './stages/run-pipeline.js'
import type { ProgressBar } from './stages/run-stage.js'
import type { Selection } from './stages/select-runs.js'
import type { Stage } from './stages/stage.js'
import { findStoredRuns } from './stages/stored-runs.js'
import { createStores } from './stores.js'

export interface ExecuteContext {
  readonly logger: Logger
  readonly progressBar: ProgressBar
  readonly signal: AbortSignal
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly random: () => number
  /** Records that have changed so recently are left for later. @default none is */
  readonly settleMs?: number
  /** Tells this execution from all others. */
  readonly executionId: string
  readonly observers: readonly ArchiverObserver[]
  /** Looks at the stores and the stages while they work. @default nothing is measured */
  readonly metrics?: Pick<ExecutionMetrics, 'timeStores' | 'watchStage'> | undefined
  /** Absolute. */
  readonly currentDir: string
}

/** Opens the stores, does what the command line asks for, closes them, and tells the operators what went wrong. */
export async function execute(
  options: ArchiverOptions,
  config: ArchiverConfig,
  context: ExecuteContext,
): Promise<Execution> {
  return withAlerts(options, config, context, (watched) => executeMode(options, config, watched))
}

async function executeMode(
  options: ArchiverOptions,
  config: ArchiverConfig,
  context: ExecuteContext,
): Promise<Execution> {
  const { logger, now, signal } = context
  const opened = createStores(config, context)
  const stores = context.metrics?.timeStores(opened) ?? opened
  const { command } = options
  if (command !== undefined && command.name !== 'watch' && command.name !== 'doctor')
    return await runCommand(command, { ...context, ...options, config, stores })
  if (options.mode === 'report-status') return await report()
  await using database = await stores.openDatabase(options.dryRun ? 'read' : 'write')
  if (options.mode === 'rebuild-database-index') return await rebuild(database)
  await using archive = await stores.openArchive()
  const isArchived = (run: number): Promise<boolean> =>
    archive.stat(String(run)).then(
      (version) => version !== undefined,
      () => false,
    )
  let isSettling = false
  const importStage = createImportStage(config, database, logger, {
    isArchived,
    settleMs: context.settleMs,
    onUnsettled: () => {
      isSettling = true
    },
    now,
  })
  const migrateStage = createMigrateStage(config, database, archive, logger, {
    validate: options.validate,
    signal,
    now,
  })

  switch (options.mode) {
    case 'recover-import-state':
      return await recover(importStage)
    case 'recover-migrate-state':
      return await recover(migrateStage)
    case 'import-only':
    case 'retry-failed-import':
      return await process([importStage])
    case 'migrate-only':
    case 'retry-failed-migrate':
      return await process([migrateStage])
    case 'archive':
      return await process([importStage, migrateStage])
  }

  async function report(): Promise<Execution> {
    const sources = {
      filesystem: async () => new Set((await listRunDirectories(config.runRecordsDir)).keys()),
      artdaqdb: async () => {
        await using database = await stores.openDatabase('read')
        const directories = await listRunDirectories(config.runRecordsDir).catch(() => new Map<number, string>())
        return (await findStoredRuns(database, directories, config.generate, () => true)).complete
      },
      ucondb: async () => {
        await using archive = await stores.openArchive()
        return new Set(await archive.listRuns())
      },
    }
    return await reportStatus(config, sources, options, { logger, now, readEvents })
  }

  async function readEvents(): Promise<RunEvent[]> {
    const events: RunEvent[] = []
    await readHistory(config.historyFile, (event) => events.push(event))
    return events
  }

  async function rebuild(database: RunDatabase): Promise<Execution> {
    if (options.dryRun) {
      const found = await database.check()
      return {
        text: renderCheck(found),
        document: found,
        exitCode: found.problems.length > 0 ? EXIT.failure : EXIT.success,
      }
    }
    const rebuilt = await database.rebuildIndex()
    return { text: renderRebuild(rebuilt), document: rebuilt, exitCode: EXIT.success }
  }

  async function recover(stage: Stage): Promise<Execution> {
    const result = await recoverState(stage, logger, options.dryRun)
    return { text: renderRecovery(result, stage), document: result, exitCode: EXIT.success }
  }

  /** Runs that a retry imported lie below the point from which migration goes on by itself; its failure log makes it take them. */
  async function handOver(outcomes: readonly StageOutcome[]): Promise<void> {
    await using progress = await RunProgress.open({ ...config.migrate, readOnly: true, logger })
    const passed = outcomes
      .flatMap((outcome) => (isBroken(outcome) ? [] : outcome.succeeded))
      .filter((run) => run <= progress.incrementalStartRun)
    if (passed.length === 0) return
    await appendToFailureLog(config.migrate.failureLog, passed, { logger })
    logger.info(
      `${passed.length} runs are now in the migration failure log, to be taken on with --retry-failed-migrate`,
    )
  }

  async function process(chosen: readonly Stage[]): Promise<Execution> {
    const { metrics } = context
    const stages = metrics === undefined ? chosen : chosen.map((stage) => metrics.watchStage(stage))
    const outcomes = await runPipeline(stages, selectionOf(options), {
      config,
      logger,
      signal,
      progressBar: context.progressBar,
      dryRun: options.dryRun,
      random: context.random,
      now,
      executionId: context.executionId,
      observers: context.observers,
    })
    if (options.mode === 'retry-failed-import' && !options.dryRun) await handOver(outcomes)
    const retryFlags = Object.fromEntries(chosen.map((stage) => [stage.name, stage.retryFlag]))
    return {
      text: renderOutcomes(outcomes, retryFlags, options.dryRun),
      document: { mode: options.mode, dryRun: options.dryRun, stages: outcomes },
      exitCode: hasFailures(outcomes) ? EXIT.failure : EXIT.success,
      hasMore: outcomes.some(
        (one) => !isBroken(one) && one.remaining > 0 && one.succeeded.length + one.failed.length > 0,
      ),
      isStoreUnavailable: outcomes.some(isBroken),
      isSettling,
    }
  }
}

function selectionOf({ mode, incremental, catchUp }: ArchiverOptions): Selection {
  if (mode === 'retry-failed-import' || mode === 'retry-failed-migrate') return { kind: 'retry' }
  return incremental ? { kind: 'incremental', catchUp } : { kind: 'full' }
}
