import { EXIT } from '@holdfast/cli-kit'
import { formatLocalTime, type PruneResult } from '@holdfast/state'
import type { Console } from '../console.js'
import type { CommandResult, Context } from '../context.js'
import type { PruneRequest } from '../requests.js'

/** Shows what is due, asks, and removes what was shown, as far as it is still due then. */
export async function prune(context: Context, request: PruneRequest): Promise<CommandResult> {
  const { failedOlderThanMs, force } = request
  const stale = request.staleOnly || failedOlderThanMs === undefined
  const options = { stale, failedOlderThanMs, force }
  await using ledger = await context.openForChanges()
  const due = await ledger.prune({ ...options, dryRun: true })
  const console = context.console()
  const count = due.stale.length + due.failed.length
  if (count === 0) {
    console.success(stale ? 'No stale entries found' : 'No failures are that old')
    return { console, document: toDocument(due, context.dryRun) }
  }
  const isRefused = due.missingRoots.length > 0 && !force
  if (context.dryRun) {
    render(console, due)
    for (const root of due.missingRoots) console.warning(`Missing or empty as a whole: ${root}`)
    if (isRefused) console.error('Would refuse to remove anything: mount what is missing, or give --force (dry-run)')
    else console.warning(`Would remove ${describe(due)} (dry-run)`)
    return { console, document: toDocument(due, true), exitCode: isRefused ? EXIT.failure : EXIT.success }
  }
  const ids = [...due.stale, ...due.failed].map(({ id }) => id)
  if (!isRefused) {
    if (!(await context.mayRemove(count, `Remove ${describe(due)} from '${context.path}'?`, request.yes))) {
      return { console: console.info('Nothing was removed'), document: toDocument(due, true), exitCode: EXIT.failure }
    }
  }
  const removed = await ledger.prune({ ...options, ids })
  render(console, removed).success(`Removed ${describe(removed)}`)
  return { console, document: toDocument(removed, false) }
}

function render(console: Console, { stale, failed }: PruneResult): Console {
  if (stale.length > 0) {
    console.blank().title(`Stale Entries Found: ${stale.length}`).blank()
    for (const { id, title, status, missing } of stale) {
      console.id(id).row(title ?? 'Unknown', { text: status, style: 'cyan' })
      for (const { field, path } of missing) console.field(`Missing ${field}`, path)
    }
  }
  if (failed.length > 0) {
    console.blank().title(`Old Failures Found: ${failed.length}`).blank()
    for (const { id, title, at } of failed) {
      console.id(id).row(title ?? 'Unknown', { text: `failed ${formatLocalTime(at).slice(0, 10)}`, style: 'red' })
    }
  }
  return console.blank()
}

/** `2 stale entries and 1 old failure` */
function describe({ stale, failed }: PruneResult): string {
  const parts = [
    ...(stale.length > 0 ? [`${stale.length} stale ${stale.length === 1 ? 'entry' : 'entries'}`] : []),
    ...(failed.length > 0 ? [`${failed.length} old ${failed.length === 1 ? 'failure' : 'failures'}`] : []),
  ]
  return parts.length === 0 ? 'nothing' : parts.join(' and ')
}

function toDocument({ stale, failed, missingRoots }: PruneResult, dryRun: boolean): unknown {
  return { dryRun, stale, failed, missingRoots }
}
