import type { ArchiverConfig } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'
import type { Stores } from '../stores.js'

/** What a command needs to do its work; it takes no lock and changes no state of the stages. */
export interface CommandContext {
  readonly config: ArchiverConfig
  readonly stores: Stores
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly dryRun: boolean
}
