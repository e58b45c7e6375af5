import { errorCode, readTextFile } from '@holdfast/atomic-file'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { RunEvent } from '../stages/run-events.js'
import { isBroken, type StageOutcome } from '../stages/run-pipeline.js'
import type { FailedRun } from '../stages/stage.js'
import type { AlertStage } from './alert.js'
import { plainLine } from './plain-text.js'

/** How a stage stands at the end of an execution. */
export interface StageFacts {
  readonly stage: AlertStage
  /** The runs of its failure log, ascending; `undefined` when nothing can be said about them. */
  readonly failures: readonly number[] | undefined
  /** Why runs failed in this execution. */
  readonly errors: readonly FailedRun[]
  /** Runs that this execution archived, but not as they should be. */
  readonly problems: readonly FailedRun[]
  readonly stopped: { readonly reason: string; readonly error: string } | undefined
  readonly failureLog: string | undefined
}

/** What kept the stages from beginning or from being ended in good order. */
export interface BrokenArchiver {
  readonly error: string
  readonly code: string | undefined
}

/** What happened in one execution. */
export interface SeenExecution {
  readonly outcomes: readonly StageOutcome[]
  readonly failedRuns: readonly Pick<RunEvent, 'stage' | 'run' | 'error'>[]
  readonly stop: BrokenArchiver | undefined
}

/** The failure logs, not the outcomes, say which runs have failed: they also hold what an execution recorded that was killed afterwards. */
export async function gatherFacts(
  { outcomes, failedRuns, stop }: SeenExecution,
  config: Pick<ArchiverConfig, 'import' | 'migrate'>,
  warn: (message: string) => void,
): Promise<StageFacts[]> {
  const facts = await Promise.all(outcomes.map((outcome) => factsOf(outcome)))
  const archiver = { ...NOTHING, stage: 'Archiver' } as const
  if (stop !== undefined) return [...facts, { ...archiver, stopped: stopOf(stop) }]
  // Whoever gets as far as the stages could open the stores.
  return outcomes.length > 0 ? [...facts, archiver] : facts

  async function factsOf(outcome: StageOutcome): Promise<StageFacts> {
    const { stage } = outcome
    const { failureLog } = stage === 'Import' ? config.import : config.migrate
    return {
      stage,
      failureLog,
      failures: await readFailures(failureLog, warn),
      errors: failedRuns
        .filter((event) => event.stage === stage)
        .map(({ run, error = 'no reason is known' }) => ({ run, error })),
      problems: isBroken(outcome) ? [] : outcome.invalid,
      stopped: isBroken(outcome) ? stopOf(outcome) : undefined,
    }
  }
}

const NOTHING = { failures: undefined, errors: [], problems: [], stopped: undefined, failureLog: undefined } as const

function stopOf({ error, code }: BrokenArchiver): { reason: string; error: string } {
  // Counts and times differ each time; the reason does not.
  return { reason: `${code ?? 'unexpected'}: ${plainLine(error.replace(/\d+/g, '#'))}`, error }
}

/** A log that is gone is no empty one: somebody deleted it, which says nothing about its runs. */
async function readFailures(path: string, warn: (message: string) => void): Promise<number[] | undefined> {
  try {
    const lines = (await readTextFile(path)).split('\n').map((line) => line.trim())
    const runs = new Set(lines.filter((line) => /^\d{1,15}$/.test(line)).map(Number))
    return [...runs].sort((one, other) => one - other)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      warn(`Its runs cannot be told: ${error instanceof Error ? error.message : String(error)}`)
    }
    return undefined
  }
}
