import {
  type FailedRelease,
  formatLocalTime,
  type ProcessedRelease,
  RELEASE_STAGES,
} from '@holdfast/state/ledger-reader'
import type { Console } from '../console.js'
import type { CommandResult, Context } from '../context.js'
import type { ShowRequest } from '../requests.js'
import { findIds } from './find-ids.js'

interface Found {
  readonly id: string
  readonly processed?: ProcessedRelease
  readonly failed?: FailedRelease
}

export async function show(context: Context, request: ShowRequest): Promise<CommandResult> {
  await using ledger = await context.openForReading()
  const { ids, unknown } = await findIds(ledger, request)
  const notFound = [...unknown]
  const releases: Found[] = []
  for (const id of ids) {
    const found = await ledger.get(id)
    if (found === undefined) notFound.push(id)
    else releases.push({ id, ...found })
  }
  const console = context.console()
  for (const release of releases) render(console, release)
  for (const id of notFound) console.info(`Not found: ${id}`)
  const document = releases.map(({ id, processed, failed }) => ({
    id,
    processed: processed?.entry ?? null,
    failed: failed?.entry ?? null,
  }))
  return { console, document: { releases: document, notFound } }
}

function render(console: Console, { id, processed, failed }: Found): void {
  console.title(id)
  const { title, author } = processed ?? failed ?? {}
  console.field('Title', title ?? 'Unknown')
  if (author !== undefined) console.field('Author', author)
  if (processed !== undefined) {
    console.field('Status', processed.status).field('Processed', timeOf(processed.at))
    for (const stage of RELEASE_STAGES) {
      const at = processed.checkpoints[stage]
      if (at !== undefined) console.field(`Stage ${stage}`, timeOf(at))
    }
    optional(console, 'Infohash', processed.infohash)
    optional(console, 'Staging folder', processed.stagingDir)
    optional(console, 'Torrent', processed.torrentPath)
  }
  if (failed !== undefined) {
    console.field(
      'Failed',
      `${failed.retryCount} ${failed.retryCount === 1 ? 'time' : 'times'}, last ${timeOf(failed.at)}, first ${timeOf(failed.firstFailedAt)}`,
    )
    optional(console, 'Error', failed.error)
    optional(console, 'Error type', failed.errorType)
    optional(console, 'Source folder', failed.sourceDir)
  }
  console.blank()
}

function optional(console: Console, name: string, value: string | undefined): void {
  if (value !== undefined) console.field(name, value)
}

function timeOf(at: number | undefined): string {
  return at === undefined ? 'at no known time' : formatLocalTime(at).slice(0, 19).replace('T', ' ')
}
