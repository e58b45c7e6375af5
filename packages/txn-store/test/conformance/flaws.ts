/** Storages that break one promise each, and the checks that name it. Used to prove that the checks can fail. */
import type { DocumentStorage, StorageOptions } from '@holdfast/txn-store'
import { HISTORY_FLAWS } from './history-flaws.ts'
import { STATE_FLAWS } from './state-flaws.ts'
import { TURN_FLAWS } from './turn-flaws.ts'

export interface Flaw {
  /** What such a storage does. */
  readonly name: string
  /** Checks that have to fail, by the beginning of their names, and with what: not every failure is the one that is meant. */
  readonly caughtBy: Readonly<Record<string, RegExp>>
  /** Gives what is done to each storage that one check opens in one process. */
  readonly makeSpoiler: () => (storage: DocumentStorage) => DocumentStorage
  /** Options of the files below. */
  readonly options?: StorageOptions
  /** For flaws that leave a check without an answer. @default that of the checks */
  readonly deadlineMs?: number
}

export const FLAWS: readonly Flaw[] = [...STATE_FLAWS, ...TURN_FLAWS, ...HISTORY_FLAWS]

export function findFlaw(name: string): Flaw {
  const flaw = FLAWS.find((candidate) => candidate.name === name)
  if (flaw === undefined) throw new Error(`There is no flaw '${name}'`)
  return flaw
}
