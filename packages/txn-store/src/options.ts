import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { CompressionAlgorithm } from './compression.js'
import type { RetentionOptions } from './file/backups.js'
import type { RotationOptions } from './file/log-rotation.js'
import type { KeyRingOptions } from './key-ring.js'
import type { ReplicaOptions } from './replica.js'
import type { DocumentStorage } from './storage.js'

export interface TxnStoreOptions<T extends object> {
  /** What a document has to look like. Any Standard Schema, such as one of zod; it only checks: defaults and stripped keys of its result are not used. */
  readonly schema?: StandardSchemaV1<unknown, T> | undefined
  /** Check the schema whenever the document is read, too. @default false */
  readonly validateOnRead?: boolean
  /** Number of backups to keep; 0 makes none. @default 50 */
  readonly maxBackups?: number
  /** Age beyond which backups are removed, in milliseconds. @default Infinity */
  readonly maxBackupAgeMs?: number
  /** Compress all backups but the newest `keepPlain` (default 5). @default no compression */
  readonly compressBackups?: { readonly algorithm: CompressionAlgorithm; readonly keepPlain?: number } | undefined
  /** Keep each state that a commit replaces. @default true */
  readonly backupBeforeWrite?: boolean
  /** How long a transaction waits for its turn, in milliseconds. @default 10_000 */
  readonly lockTimeoutMs?: number
  /** The folder for backups, history and journal: a name beside the document, or an absolute path. @default '.pipeline' */
  readonly folder?: string | undefined
  /** The name of the history in that folder. @default 'transactions.log' for `pipeline.json`, otherwise `<name>.transactions.log` */
  readonly logName?: string | undefined
  /**
   * `true`: a commit appends its change to a journal, at a cost that does not depend on the document's size; the readable file is written by `checkpoint`,
   * `close` and when the journal has grown. Every reader through the package sees every commit in either mode, and one option switches. @default false
   */
  readonly journal?: boolean
  /** Write keys in the order of their code points instead of that of the document. @default false */
  readonly sortKeys?: boolean
  /** Who this process is, for the history. */
  readonly label?: string | undefined
  /** Note transactions that changed nothing in the history. @default false */
  readonly logUnchanged?: boolean
  /** The history tells a change whole when its JSON Patch is not longer than this, and otherwise only its places. @default 2048 */
  readonly maxPatchBytes?: number
  /** Size at which the history goes on in a new file, in bytes. @default 67_108_864 */
  readonly maxLogBytes?: number
  /** Number of older files of the history to keep. @default 8 */
  readonly keepLogFiles?: number
  /**
   * Encrypt document, backups, journal and the changes in the history with AES-256-GCM. `acceptPlain` takes over a document that is not encrypted yet.
   * @default no encryption
   */
  readonly encryption?: (KeyRingOptions & { readonly acceptPlain?: boolean }) | undefined
  /** Keep the document elsewhere than in a file; what is said about files then does not apply. The store closes it. @default files at the path */
  readonly storage?: DocumentStorage | undefined
  /** Keep a copy of the document, with every commit, in a second folder. A copy that cannot be written fails nothing here. @default no replica */
  readonly replica?: ReplicaOptions | undefined
}

export interface TransactionOptions {
  /** Check the result against the schema. @default true */
  readonly validate?: boolean
  /** Begin with this document instead of the one there is, and replace that as a whole; also when that one is damaged. */
  readonly seedData?: object
  /** What the history calls it. @default 'transaction' */
  readonly operation?: string
  /** Who does it, for the history. @default the store's label */
  readonly label?: string
  /** @default the store's `lockTimeoutMs` */
  readonly lockTimeoutMs?: number
  /** Calls off the transaction, as long as it has not been committed; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

export interface RestoreResult {
  /** The backup of the state that was replaced: restoring it undoes the restore. `undefined` when nothing was there or it was damaged. */
  readonly replaced: string | undefined
}

export type ResolvedOptions = ReturnType<typeof resolveOptions>

/** Gives defaults and checks numbers. @throws RangeError */
export function resolveOptions({
  validateOnRead = false,
  maxBackups = 50,
  maxBackupAgeMs,
  compressBackups,
  backupBeforeWrite = true,
  lockTimeoutMs = 10_000,
  journal = false,
  sortKeys = false,
  logUnchanged = false,
  maxPatchBytes = 2048,
  maxLogBytes = 64 * 1024 * 1024,
  keepLogFiles = 8,
  label,
}: Omit<TxnStoreOptions<object>, 'schema'>): {
  readonly validateOnRead: boolean
  readonly backupBeforeWrite: boolean
  readonly lockTimeoutMs: number
  readonly journal: boolean
  readonly sortKeys: boolean
  readonly logUnchanged: boolean
  readonly maxPatchBytes: number
  readonly label: string | undefined
  readonly retention: RetentionOptions
  readonly rotation: RotationOptions
} {
  assertWhole('maxBackups', maxBackups)
  assertWhole('maxPatchBytes', maxPatchBytes)
  assertWhole('maxLogBytes', maxLogBytes)
  assertWhole('keepLogFiles', keepLogFiles)
  if (!(lockTimeoutMs >= 0)) throw new RangeError(`lockTimeoutMs must be 0 or more, not ${lockTimeoutMs}`)
  if (maxBackupAgeMs !== undefined && !(maxBackupAgeMs > 0)) {
    throw new RangeError(`maxBackupAgeMs must be more than 0, not ${maxBackupAgeMs}`)
  }
  const compression =
    compressBackups === undefined
      ? undefined
      : { algorithm: compressBackups.algorithm, keepPlain: compressBackups.keepPlain ?? 5 }
  return {
    validateOnRead,
    backupBeforeWrite,
    lockTimeoutMs,
    journal,
    sortKeys,
    logUnchanged,
    maxPatchBytes,
    label,
    retention: {
      maxBackups,
      maxAgeMs: maxBackupAgeMs === Number.POSITIVE_INFINITY ? undefined : maxBackupAgeMs,
      compression,
    },
    rotation: { maxBytes: maxLogBytes, keepFiles: keepLogFiles },
  }
}

function assertWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return
  throw new RangeError(`${name} must be a whole number from 0 on, not ${value}`)
}
