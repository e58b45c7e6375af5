import { quoteArgument } from '../report/quote-argument.js'
import type { Place, RecordOnDisk, RunInArchive, RunInDatabase, StageOfRun } from './describe-run.js'

export interface KnownAboutRun {
  readonly run: number
  readonly filesystem: Place<RecordOnDisk>
  readonly artdaqdb: Place<RunInDatabase>
  readonly ucondb: Place<RunInArchive>
  readonly import: StageOfRun
  readonly migration: StageOfRun
  readonly configPath: string
}

export interface Advice {
  readonly text: string
  readonly command?: string
}

/** What an operator does next about a run. */
export function adviseRun(known: KnownAboutRun): Advice {
  const { run, filesystem, artdaqdb, ucondb } = known
  const archiver = (...args: string[]): string => ['archiver', quoteArgument(known.configPath), ...args].join(' ')
  if (ucondb.error !== undefined)
    return {
      text: 'The archive could not be read: mend that first',
      command: `archiver doctor ${quoteArgument(known.configPath)}`,
    }
  if (ucondb.found !== undefined) return adviseArchived()
  if (artdaqdb.error !== undefined)
    return {
      text: 'artdaqDB could not be read: mend that first',
      command: `archiver doctor ${quoteArgument(known.configPath)}`,
    }
  if (artdaqdb.found?.complete === true) return adviseStage(known.migration, 'migrate', 'It waits for the migration')
  if (filesystem.error !== undefined) return { text: 'The run records could not be read: mend that first' }
  if (filesystem.found !== undefined) return adviseImport()
  if (artdaqdb.found !== undefined)
    return { text: 'Its run record is gone, so what artdaqDB lacks of it cannot be stored: put the record back first' }
  if (known.import.inFailureLog || known.migration.inFailureLog)
    return {
      text: 'It is in a failure log, but nowhere else: put its run record back, or take it out of the log by a recovery',
      command: archiver(known.import.inFailureLog ? '--recover-import-state' : '--recover-migrate-state'),
    }
  return { text: `No place knows run ${run}` }

  function adviseArchived(): Advice {
    if (artdaqdb.found?.complete === false)
      return {
        text: `UconDB holds it, but artdaqDB lacks ${artdaqdb.found.missing.join(', ')}: see how the two differ`,
        command: `archiver verify ${quoteArgument(known.configPath)} --runs ${run}`,
      }
    if (known.migration.inFailureLog)
      return {
        text: 'It has arrived; the next retry takes it out of the log',
        command: archiver('--retry-failed-migrate'),
      }
    if (known.import.inFailureLog && artdaqdb.found !== undefined)
      return {
        text: 'It has arrived; the next retry takes it out of the log',
        command: archiver('--retry-failed-import'),
      }
    return { text: 'Nothing: it is archived' }
  }

  function adviseImport(): Advice {
    if (artdaqdb.found !== undefined && !known.import.inFailureLog)
      return {
        text: `artdaqDB lacks ${artdaqdb.found.missing.join(', ')} of it; a full import completes it`,
        command: archiver('--import-only'),
      }
    return adviseStage(known.import, 'import', 'It waits for the import')
  }

  function adviseStage(stage: StageOfRun, name: 'import' | 'migrate', waiting: string): Advice {
    if (stage.inFailureLog)
      return { text: 'Mend what is wrong, then retry it', command: archiver(`--retry-failed-${name}`) }
    if (stage.isAhead)
      return { text: `${waiting}; the next executions take it by themselves`, command: archiver('--incremental') }
    return {
      text: `${waiting}, but lies below the point from which incremental executions go on`,
      command: archiver('--incremental', '--catch-up'),
    }
  }
}
