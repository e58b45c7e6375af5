import { hostname } from 'node:os'
import { errorCode } from '@holdfast/atomic-file'
import { explainError } from '../cli/explain-error.js'
import type { ArchiverOptions, Mode } from '../cli/options.js'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { ArchiverObserver, RunEvent } from '../stages/run-events.js'
import type { StageOutcome } from '../stages/run-pipeline.js'
import { openChannels } from './open-channels.js'
import { type AlertContext, reportAlerts } from './report-alerts.js'
import type { BrokenArchiver } from './stage-facts.js'

/** What processes runs unattended; reports, recoveries and looking after the archive tell whoever started them. */
const ALERTING: ReadonlySet<Mode> = new Set([
  'archive',
  'import-only',
  'migrate-only',
  'retry-failed-import',
  'retry-failed-migrate',
])

/** Does the work of one execution and then tells the operators what changed. Result and error are those of the work. */
export async function withAlerts<C extends WatchedContext, T>(
  options: Pick<ArchiverOptions, 'mode' | 'command' | 'dryRun'>,
  config: ArchiverConfig,
  context: C,
  work: (watched: C) => Promise<T>,
): Promise<T> {
  const isAlerting = ALERTING.has(options.mode) && options.command === undefined && !options.dryRun
  const channels = isAlerting ? openChannels(config.reporting) : []
  if (channels.length === 0) return work(context)
  const seen = new ExecutionRecorder()
  const report = (stop?: BrokenArchiver): Promise<void> =>
    reportAlerts({ ...seen, stop }, channels, config, { ...context, hostname: hostname() })
  let result: T
  try {
    result = await work({ ...context, observers: [...context.observers, seen] })
  } catch (error) {
    const isInterrupted = context.signal.aborted && errorCode(error) === 'ABORT_ERR'
    await report(isInterrupted ? undefined : { error: explainError(error), code: errorCode(error) })
    throw error
  }
  await report()
  return result
}

interface WatchedContext extends Omit<AlertContext, 'hostname'> {
  readonly observers: readonly ArchiverObserver[]
}

/** Notes what alerts need; unlike the outcomes of the stages it knows what happened before a stage broke. */
class ExecutionRecorder implements ArchiverObserver {
  readonly outcomes: StageOutcome[] = []
  readonly failedRuns: RunEvent[] = []

  runFinished(event: RunEvent): void {
    if (event.outcome === 'failed') this.failedRuns.push(event)
  }

  stageFinished(outcome: StageOutcome): void {
    this.outcomes.push(outcome)
  }
}
