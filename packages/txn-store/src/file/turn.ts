import { AtomicFileError, errorCode } from '@holdfast/atomic-file'
import { StateError, StateLockError, StateWriteError } from '../errors.js'
import type { AuditLog, LogTail } from './audit-log.js'
import type { Backups } from './backups.js'
import type { DocumentCodec } from './codec.js'
import type { ResolvedDeps } from './deps.js'
import type { FileIdentity } from './document-image.js'
import type { Journal, JournalView } from './journal.js'
import type { Layout } from './layout.js'
import type { LoadedDocument } from './load-document.js'
import type { RecordContext } from './make-record.js'

/** What all turns of one store have in common. */
export interface TurnContext {
  readonly layout: Layout
  readonly log: AuditLog
  readonly journal: Journal
  readonly backups: Backups
  readonly codec: DocumentCodec
  readonly deps: ResolvedDeps
  readonly journalMode: boolean
  readonly backupBeforeWrite: boolean
  /** `false` when not a single backup may stay. */
  readonly mayKeepBackups: boolean
  readonly lockTimeoutMs: number
  readonly hint: () => Promise<string>
}

/** The state that a turn starts from. */
export interface Base {
  readonly identity: FileIdentity
  readonly sha256: string | null
  readonly tail: LogTail
  /** `undefined`: the document cannot be read, and is set aside before it is replaced. */
  readonly loaded: LoadedDocument | undefined
  /** The journal of a document that cannot be read, with commits that the log does not tell yet. */
  readonly orphaned?: JournalView | undefined
}

/** What a commit leaves. */
export interface Outcome {
  readonly base: Base
  readonly seq: number
  readonly backup?: string | undefined
}

export interface Turn {
  readonly context: TurnContext
  readonly record: RecordContext
}

/** Like `Promise.all`, but nothing is still under way when it rejects. */
export async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason
}

export function asWriteError(path: string, error: unknown): unknown {
  if (error instanceof StateError || errorCode(error) === undefined) return error
  const reason = error instanceof Error ? error.message : String(error)
  const hint = error instanceof AtomicFileError ? error.hint : undefined
  return new StateWriteError(`Cannot commit to '${path}', which is what it was: ${reason}`, {
    path,
    hint,
    cause: error,
  })
}

/** What the system or the lock has refused, as an error of the store; others are what they are. */
export function asStateError(path: string, error: unknown): unknown {
  const code = errorCode(error) ?? ''
  if (code.startsWith('ERR_LOCK')) {
    const reason = error instanceof Error ? error.message : String(error)
    return new StateLockError(`Cannot change '${path}': ${reason}`, { path, cause: error })
  }
  return /^E(?!RR_)/.test(code) ? asWriteError(path, error) : error
}

/** `20260102T030405678Z`, for the name of a file that is set aside. */
export function compactTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replaceAll(/[-:.]/g, '')
}
