import { randomUUID } from 'node:crypto'
import type { DatabaseLogger } from './run-database.js'

/** What a database needs of the world besides its files; replaced in tests. */
export interface RunDatabaseDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
  /** @default crypto.randomUUID */
  readonly uuid?: () => string
  /** Told about damage that was found and repaired. @default warnings go nowhere */
  readonly logger?: DatabaseLogger
}

export type ResolvedDeps = Required<RunDatabaseDeps>

export function resolveDeps(deps: RunDatabaseDeps = {}): ResolvedDeps {
  return {
    now: deps.now ?? Date.now,
    uuid: deps.uuid ?? randomUUID,
    logger: deps.logger ?? { warn: () => undefined },
  }
}
