import type { ArchiverConfig } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'
import type { ProgressBar } from '../stages/run-stage.js'
import type { Stores } from '../stores.js'

/** What a command needs to do its work; it takes no lock and changes no state of the stages. */
export interface CommandContext {
  readonly config: ArchiverConfig
  /** As it was given, for commands that people are told to run. */
  readonly configPath: string
  /** Absolute: what relative paths of the command line are relative to. */
  readonly currentDir: string
  readonly stores: Stores
  readonly logger: Logger
  readonly progressBar: ProgressBar
  readonly signal: AbortSignal
  /** Epoch milliseconds. */
  readonly now: () => number
  /** At least 0, below 1. */
  readonly random: () => number
  readonly dryRun: boolean
}
