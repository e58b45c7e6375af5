import { hostname } from 'node:os'
import { errorCode } from '@holdfast/atomic-file'
import { explainError } from '../cli/explain-error.js'
import type { ArchiverOptions, Mode } from '../cli/options.js'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { StageOutcome } from '../stages/run-pipeline.js'
import { openChannels } from './open-channels.js'
import { type AlertContext, reportAlerts } from './report-alerts.js'

/** What processes runs unattended; reports, recoveries and looking after the archive tell whoever started them. */
const ALERTING: ReadonlySet<Mode> = new Set([
  'archive',
  'import-only',
  'migrate-only',
  'retry-failed-import',
  'retry-failed-migrate',
])

/** Does the work of one execution and then tells the operators what changed. Result and error are those of the work. */
export async function withAlerts<T extends { readonly outcomes?: readonly StageOutcome[] }>(
  options: Pick<ArchiverOptions, 'mode' | 'dryRun'>,
  config: ArchiverConfig,
  context: Omit<AlertContext, 'hostname'>,
  work: () => Promise<T>,
): Promise<T> {
  const channels = ALERTING.has(options.mode) && !options.dryRun ? openChannels(config.reporting) : []
  if (channels.length === 0) return work()
  const alertContext = { ...context, hostname: hostname() }
  let result: T
  try {
    result = await work()
  } catch (error) {
    if (!context.signal.aborted) {
      const stop = { stage: 'Archiver', error: explainError(error), code: errorCode(error) } as const
      await reportAlerts([stop], channels, config, alertContext)
    }
    throw error
  }
  if (result.outcomes !== undefined) await reportAlerts(result.outcomes, channels, config, alertContext)
  return result
}
