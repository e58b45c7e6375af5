import { describeFailed, fieldOf, type RawEntry, statusOf, textOf } from './entry.js'
import { afterStageCleared } from './entry-changes.js'
import type { LedgerDraft } from './ledger-draft.js'
import type { ReleaseStage } from './release-status.js'
import type { LedgerView } from './storage.js'

export interface ClearOptions {
  /** Only this stage. @default all of the release */
  readonly stage?: ReleaseStage | undefined
  /** The ids are infohashes. @default false */
  readonly byInfohash?: boolean | undefined
  /** Drop the releases from the failed, too. @default false */
  readonly failed?: boolean | undefined
  /** Only tell. @default false */
  readonly dryRun?: boolean | undefined
}

export interface ClearedRelease {
  readonly id: string
  readonly title: string | undefined
  /** Its status before. */
  readonly status: string | undefined
}

export interface ClearResult {
  readonly cleared: readonly ClearedRelease[]
  /** Those of the ids (or infohashes) that are not there, or have not done that stage. */
  readonly notFound: readonly string[]
}

export interface RetryOptions {
  /** Drop also what was done of them, so that they begin at the first stage; programs that skip whatever is in `processed` need that. @default false */
  readonly fresh?: boolean | undefined
  /** Only tell. @default false */
  readonly dryRun?: boolean | undefined
}

export interface RetriedRelease {
  readonly id: string
  readonly title: string | undefined
  /** How often it had failed. */
  readonly retryCount: number
  /** The status from which it goes on; `undefined` when it begins at the start. */
  readonly resumesFrom: string | undefined
}

export interface RetryResult {
  readonly retried: readonly RetriedRelease[]
  /** Those of the ids that are not among the failed. */
  readonly notFound: readonly string[]
}

export function clearIn(draft: LedgerDraft, keys: readonly string[], options: ClearOptions): ClearResult {
  const cleared: ClearedRelease[] = []
  const notFound: string[] = []
  for (const key of keys) {
    const ids = options.byInfohash === true ? findIdsByInfohash(draft, key) : [key]
    const found = ids.flatMap((id) => clearOne(draft, id, options) ?? [])
    cleared.push(...found)
    if (found.length === 0) notFound.push(key)
  }
  return { cleared, notFound }
}

function clearOne(draft: LedgerDraft, id: string, { stage, failed = false }: ClearOptions): ClearedRelease | undefined {
  const entry = draft.get('processed', id)
  const hadFailed = failed && stage === undefined && draft.delete('failed', id)
  if (entry === undefined) return hadFailed ? { id, title: undefined, status: undefined } : undefined
  if (stage === undefined) {
    draft.delete('processed', id)
  } else {
    const after = afterStageCleared(entry, stage)
    if (after === undefined) return undefined
    draft.set('processed', id, after)
  }
  return { id, title: textOf(entry, 'title'), status: statusOf(entry) ?? 'UNKNOWN' }
}

export function retryIn(draft: LedgerDraft, ids: readonly string[], { fresh = false }: RetryOptions): RetryResult {
  const retried: RetriedRelease[] = []
  const notFound: string[] = []
  for (const id of ids) {
    const failure = draft.get('failed', id)
    if (failure === undefined) {
      notFound.push(id)
      continue
    }
    draft.delete('failed', id)
    const { title, retryCount } = describeFailed(id, failure)
    retried.push({ id, title, retryCount, resumesFrom: prepare(draft, id, fresh) })
  }
  return { retried, notFound }
}

/** What was begun of a release is dropped or left; one that is complete stays as it is. */
function prepare(draft: LedgerDraft, id: string, fresh: boolean): string | undefined {
  const entry = draft.get('processed', id)
  if (entry === undefined) return undefined
  const status = statusOf(entry)
  if (status !== 'COMPLETE' && fresh) {
    draft.delete('processed', id)
    return undefined
  }
  if (status === 'FAILED') draft.set('processed', id, backToStart(entry))
  return status === 'FAILED' ? undefined : (status ?? String(fieldOf(entry, 'status')))
}

function backToStart(entry: RawEntry): Record<string, NonNullable<RawEntry[string]> | null> {
  return { ...entry, status: 'DISCOVERED', checkpoints: {} }
}

/** Hexadecimal digits may be in lower or upper case. */
export function findIdsByInfohash(view: LedgerView, infohash: string): string[] {
  const forms = [infohash, infohash.toLowerCase(), infohash.toUpperCase()]
  return [...new Set(forms.flatMap((form) => view.findByInfohash(form)))]
}
