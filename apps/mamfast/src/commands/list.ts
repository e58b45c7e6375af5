import { existsSync } from 'node:fs'
import {
  formatLocalTime,
  type LedgerEntryList,
  type LedgerList,
  type LedgerMap,
  type LedgerRow,
} from '@holdfast/state/ledger-reader'
import type { Console } from '../console.js'
import type { CommandResult, Context } from '../context.js'
import type { ListRequest } from '../requests.js'

const DEFAULT_LIMIT = 20

export async function list(context: Context, request: ListRequest): Promise<CommandResult> {
  const { processed, failed, json, status, sinceMs } = request
  // As with the original, both flags mean the same as none.
  const maps: readonly LedgerMap[] =
    processed === failed ? ['processed', 'failed'] : [processed ? 'processed' : 'failed']
  const limit = request.limit ?? (json ? Number.POSITIVE_INFINITY : DEFAULT_LIMIT)
  await using ledger = await context.openForReading()
  const options = { maps, status, sinceMs, limit }
  if (json) {
    const found = await ledger.listEntries(options)
    noteIfMissing(context, found)
    return { console: context.console(), document: toDocument(found, maps) }
  }
  const found = await ledger.list(options)
  noteIfMissing(context, found)
  return { console: render(context.console(), found) }
}

function noteIfMissing(context: Context, { counts }: Pick<LedgerList, 'counts'>): void {
  if (counts.processed + counts.failed > 0 || existsSync(context.path)) return
  context.note(`There is no '${context.path}' yet, so the ledger is empty`)
}

/** In the form of the file itself. */
function toDocument({ counts, processed, failed }: LedgerEntryList, maps: readonly LedgerMap[]): unknown {
  return {
    ...(maps.includes('processed') ? { processed: entriesOf(processed) } : {}),
    ...(maps.includes('failed') ? { failed: entriesOf(failed) } : {}),
    stats: counts,
  }
}

function entriesOf(releases: readonly LedgerRow[]): unknown {
  return Object.fromEntries(releases.map(({ id, entry }) => [id, entry]))
}

function render(console: Console, { counts, matching, processed, failed }: LedgerList): Console {
  console.blank().title('State Summary')
  console.count('Processed', counts.processed, 'green').count('Failed', counts.failed, 'red').blank()
  if (processed.length > 0) {
    console.heading('Processed Entries', 'cyan', ` (most recent ${processed.length})`).blank()
    for (const { id, title, status, at } of processed) {
      console.id(id).row(title ?? 'Unknown', { text: status, style: 'cyan' }, { text: dateOf(at) })
    }
    renderMore(console, matching.processed - processed.length)
  }
  if (failed.length > 0) {
    console.heading('Failed Entries', 'red', ` (most recent ${failed.length})`).blank()
    for (const { id, title, error, retryCount, at } of failed) {
      console.id(id).row(title ?? 'Unknown')
      console.row(error ?? 'Unknown error', { text: `retries: ${retryCount}` }, { text: dateOf(at) })
    }
    renderMore(console, matching.failed - failed.length)
  }
  return console
}

function renderMore(console: Console, more: number): void {
  if (more > 0) console.blank().dim(`... and ${more} more`)
  console.blank()
}

function dateOf(at: number | undefined): string {
  return at === undefined ? 'no date' : formatLocalTime(at).slice(0, 10)
}
