import type { LedgerStorage } from '../storage.js'
import { CheckContext } from './check-context.js'
import { entryChecks } from './entry-checks.js'
import { sessionChecks } from './session-checks.js'

/** How the suite gets at a storage. */
export interface LedgerHarness<Place> {
  /** Room for one ledger that does not exist yet. Every check has its own; they may run at the same time. */
  createPlace(): Promise<Place>
  /** Opens the ledger there. Several are open at a time and stand for several processes: they have nothing in common but what is kept. */
  open(place: Place): Promise<LedgerStorage>
  /** Removes what is there; everything is closed. */
  removePlace?(place: Place): Promise<void>
  /** From now on (or no longer) nothing can be written there, as on a full disk. */
  failWrites?(place: Place, failing: boolean): Promise<void>
  /** How long a single answer may take, in milliseconds. @default 10_000 */
  readonly deadlineMs?: number
}

export interface ConformanceCheck {
  readonly name: string
  /** Rejects with an `AssertionError` (or whatever the storage threw) when the storage does not keep the promise. */
  run(): Promise<void>
}

/** A check before it is given a place. */
export interface LedgerCheckCase {
  readonly name: string
  readonly needs?: 'failWrites'
  run(context: CheckContext): Promise<void>
}

/**
 * The checks of all that `LedgerStorage` promises. They need no test runner.
 *
 * @example for (const { name, run } of ledgerConformanceChecks(harness)) test(name, run)
 */
export function ledgerConformanceChecks<Place>(harness: LedgerHarness<Place>): ConformanceCheck[] {
  return [...entryChecks, ...sessionChecks]
    .filter(({ needs }) => needs === undefined || harness[needs] !== undefined)
    .map(({ name, run }) => ({ name, run: () => CheckContext.use(harness, run) }))
}
