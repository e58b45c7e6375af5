import { errorCode, readTextFile } from '@holdfast/atomic-file'
import type { ArchiverConfig } from '../config/archiver-config.js'
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

/** The failure logs, not the outcomes, say which runs have failed: they also hold what an execution recorded that was killed afterwards. */
export async function gatherFacts(
  outcomes: readonly (StageOutcome | BrokenArchiver)[],
  config: Pick<ArchiverConfig, 'import' | 'migrate'>,
  warn: (message: string) => void,
): Promise<StageFacts[]> {
  const facts = await Promise.all(outcomes.map((outcome) => factsOf(outcome)))
  // Whoever gets as far as the stages could open the stores.
  const isOpen = outcomes.some((outcome) => outcome.stage !== 'Archiver')
  return isOpen ? [...facts, { ...NOTHING, stage: 'Archiver' }] : facts

  async function factsOf(outcome: StageOutcome | BrokenArchiver): Promise<StageFacts> {
    if (outcome.stage === 'Archiver') return { ...NOTHING, stage: 'Archiver', stopped: stopOf(outcome) }
    const { failureLog } = outcome.stage === 'Import' ? config.import : config.migrate
    const failures = await readFailures(failureLog, warn)
    const common = { ...NOTHING, stage: outcome.stage, failures, failureLog }
    if (isBroken(outcome)) return { ...common, stopped: stopOf(outcome) }
    return { ...common, errors: outcome.failed, problems: outcome.invalid }
  }
}

/** What kept all stages from beginning. */
export interface BrokenArchiver {
  readonly stage: 'Archiver'
  readonly error: string
  readonly code: string | undefined
}

const NOTHING = { failures: undefined, errors: [], problems: [], stopped: undefined, failureLog: undefined } as const

function stopOf({ error, code }: { error: string; code: string | undefined }): { reason: string; error: string } {
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
