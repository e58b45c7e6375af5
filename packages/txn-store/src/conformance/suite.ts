import type { ChildProcess } from 'node:child_process'
import type { JsonObject } from '../json.js'
import type { DocumentStorage } from '../storage.js'
import { backupChecks } from './backup-checks.js'
import { CheckContext } from './check-context.js'
import { failureChecks } from './failure-checks.js'
import { historyChecks } from './history-checks.js'
import { processChecks } from './process-checks.js'
import { stateChecks } from './state-checks.js'
import { transactionChecks } from './transaction-checks.js'
import { turnChecks } from './turn-checks.js'

/** How the suite gets at a storage. What is optional adds the checks that need it: a storage that promises all of it gives all. */
export interface StorageHarness<Place> {
  /** Room for one document that does not exist yet, such as a path in a fresh folder. Every check has its own; they may run at the same time. */
  createPlace(): Promise<Place>
  /**
   * Opens the document there. Several are open at a time and stand for several processes: they may have nothing in common but what is kept. All take the same
   * care of the document, so options have to be the same.
   */
  open(place: Place): Promise<DocumentStorage>
  /** Removes what is there; everything is closed. */
  removePlace?(place: Place): Promise<void>
  /** The state that is kept as this backup, which `commit` resolved to. For storages that keep the states that commits replace. */
  readBackup?(place: Place, backup: string): Promise<JsonObject>
  /** Whether every commit keeps what it replaces, and not only a restore. @default true */
  readonly commitBackups?: boolean
  /** Makes the document unreadable, as a damaged disk does. There is one, and nobody has a turn. */
  damage?(place: Place): Promise<void>
  /** From now on (or no longer) nothing can be written there, as on a full disk, by storages open already and those opened later. */
  failWrites?(place: Place, failing: boolean): Promise<void>
  /** Takes the turn away from the session that has it, as somebody does who deletes a lock file or a server that lets a lease run out. */
  takeTurnAway?(place: Place): Promise<void>
  /**
   * Starts a Node process with a channel for messages (`fork`) that opens the document there and gives it to `serveStorage`. It is killed by the check. For storages
   * that processes share.
   */
  startProcess?(place: Place): ChildProcess | Promise<ChildProcess>
  /** How long a single answer may take, in milliseconds. @default 10_000 */
  readonly deadlineMs?: number
}

/** What a harness may give or not. */
export type StorageHook = 'readBackup' | 'damage' | 'failWrites' | 'takeTurnAway' | 'startProcess'

export interface ConformanceCheck {
  readonly name: string
  /** Rejects with an `AssertionError` (or whatever the storage threw) when the storage does not keep the promise. */
  run(): Promise<void>
}

/** A check before it is given a place. */
export interface StorageCheck {
  readonly name: string
  readonly needs?: StorageHook | 'commitBackups'
  run(context: CheckContext): Promise<void>
}

/**
 * The checks of all that `DocumentStorage` promises, in the order in which a new storage best makes them pass. They need no test runner.
 *
 * @example for (const { name, run } of storageConformanceChecks(harness)) test(name, run)
 */
export function storageConformanceChecks<Place>(harness: StorageHarness<Place>): ConformanceCheck[] {
  return [
    ...stateChecks,
    ...turnChecks,
    ...historyChecks,
    ...backupChecks,
    ...failureChecks,
    ...transactionChecks,
    ...processChecks,
  ]
    .filter(({ needs }) => isPossible(harness, needs))
    .map(({ name, run }) => ({ name, run: () => CheckContext.use(harness, run) }))
}

function isPossible<Place>(harness: StorageHarness<Place>, needs: StorageCheck['needs']): boolean {
  if (needs === 'commitBackups') return harness.readBackup !== undefined && harness.commitBackups !== false
  return needs === undefined || harness[needs] !== undefined
}
