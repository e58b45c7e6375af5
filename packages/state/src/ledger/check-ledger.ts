import { findDuplicateGroups } from './duplicates.js'
import { describeFailed, describeProcessed, fieldOf, type RawEntry, statusOf } from './entry.js'
import { parseLocalTime } from './local-time.js'
import { findStale, type PathDeps } from './staleness.js'
import type { LedgerView } from './storage.js'

/** `error`: programs go wrong with it. `warning`: somebody should look. */
export interface LedgerProblem {
  readonly severity: 'error' | 'warning'
  readonly code:
    | 'unknown-status'
    | 'bad-time'
    | 'no-name'
    | 'no-error'
    | 'failed-and-complete'
    | 'no-infohash'
    | 'stale'
    | 'missing-root'
    | 'duplicate'
    | 'damaged'
    | 'newer-version'
  readonly ids: readonly string[]
  readonly message: string
}

export interface LedgerCheck {
  readonly counts: { readonly processed: number; readonly failed: number }
  readonly problems: readonly LedgerProblem[]
}

/** Looks for what is wrong in a ledger that can be read. Changes nothing. */
export function checkView(view: LedgerView, deps: PathDeps): LedgerCheck {
  const problems: LedgerProblem[] = []
  const add = (
    severity: LedgerProblem['severity'],
    code: LedgerProblem['code'],
    ids: string[],
    message: string,
  ): void => {
    problems.push({ severity, code, ids, message })
  }
  for (const [id, entry] of view.entries('processed')) {
    const release = describeProcessed(id, entry)
    checkName(id, add)
    checkTimes(id, entry, ['processed_at'], add)
    if (statusOf(entry) === undefined)
      add('error', 'unknown-status', [id], `The status is ${JSON.stringify(release.status)}`)
    if (statusOf(entry) === 'COMPLETE' && view.get('failed', id) !== undefined) {
      add('warning', 'failed-and-complete', [id], 'It is complete and still among the failed')
    }
    if (release.checkpoints.torrent !== undefined && release.infohash === undefined) {
      add('warning', 'no-infohash', [id], 'Its torrent was made, but the infohash is not known')
    }
  }
  for (const [id, entry] of view.entries('failed')) {
    checkName(id, add)
    checkTimes(id, entry, ['failed_at', 'first_failed_at'], add)
    if (describeFailed(id, entry).error === undefined)
      add('warning', 'no-error', [id], 'It failed without an error text')
  }
  for (const { id, status, missing } of findStale(view, deps)) {
    for (const { path, root } of missing) {
      if (root === undefined) add('warning', 'stale', [id], `It is ${status}, but '${path}' is missing`)
      else add('error', 'missing-root', [id], `It is ${status}, but '${root}' is missing or empty as a whole`)
    }
  }
  for (const { ids, keep, reasons } of findDuplicateGroups(view)) {
    add(
      'warning',
      'duplicate',
      [...ids],
      `One book under several ids (same ${reasons.join(', ')}); merge into '${keep}'`,
    )
  }
  return { counts: { processed: view.count('processed'), failed: view.count('failed') }, problems }
}

type Add = (severity: LedgerProblem['severity'], code: LedgerProblem['code'], ids: string[], message: string) => void

/** Old programs wrote the text of a path that was missing. */
function checkName(id: string, add: Add): void {
  if (id === 'None' || id === 'null' || id.trim() === '') add('error', 'no-name', [id], 'The id names no release')
}

function checkTimes(id: string, entry: RawEntry, fields: readonly string[], add: Add): void {
  for (const field of fields) {
    const value = fieldOf(entry, field)
    if (parseLocalTime(value) !== undefined || value === undefined) continue
    add('warning', 'bad-time', [id], `"${field}" is ${JSON.stringify(value)}, which is no date-time`)
  }
}
