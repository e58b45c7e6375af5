/**
 * Keeps the history file small: of every run and stage its newest event stays, of an unbroken series of failures also the first one, and the newest
 * events of all. The file is replaced as a whole, so a crash leaves the old or the new one. Only the holder of the archiver's lock may do it.
 */
import { writeFileAtomic } from '@holdfast/atomic-file'
import { formatEvent, formatHeader, type HistoryEvent } from './history-line.js'
import { readHistory } from './read-history.js'
import { SeriesByRun } from './run-series.js'

/** How many of the newest events stay whatever they tell: what throughput over time is made of. */
export const NEWEST_EVENTS_KEPT = 20_000

export interface CompactedHistory {
  readonly bytes: number
  /** Where the file is kept as it was, because it had lines that are no events. */
  readonly keptAs: string | undefined
}

/** @throws HistoryUnreadableError, AtomicFileError; the file is then as it was. */
export async function compactHistory(
  path: string,
  deps: { readonly now: () => number; readonly newestKept?: number },
): Promise<CompactedHistory> {
  const newestKept = deps.newestKept ?? NEWEST_EVENTS_KEPT
  const series = new SeriesByRun()
  const events: { readonly event: HistoryEvent; readonly line: string }[] = []
  const { badLineCount } = await readHistory(path, (event, line) => {
    series.add(event)
    events.push({ event, line })
  })
  const kept = new Map<HistoryEvent, HistoryEvent>()
  for (const { event } of events.slice(-newestKept)) kept.set(event, event)
  for (const { newest, firstFailure } of series.all()) {
    kept.set(newest, newest)
    if (firstFailure !== undefined) kept.set(firstFailure, firstFailure)
  }
  countDropped(
    events.map(({ event }) => event),
    series,
    kept,
  )
  const lines = events.flatMap(({ event, line }) => {
    const asKept = kept.get(event)
    return asKept === undefined ? [] : [asKept === event ? `${line}\n` : formatEvent(asKept)]
  })
  const body = lines.join('')
  const bytes = Buffer.byteLength(body) + Buffer.byteLength(formatHeader(0))
  const keptAs =
    badLineCount === 0 ? undefined : `${path}.corrupt-${new Date(deps.now()).toISOString().replaceAll(/[-:]/g, '')}`
  await writeFileAtomic(path, formatHeader(bytes) + body, keptAs === undefined ? {} : { backupPath: keptAs })
  return { bytes, keptAs }
}

/** What goes from the middle of a series of failures is counted on its first event. */
function countDropped(
  events: readonly HistoryEvent[],
  series: SeriesByRun,
  kept: Map<HistoryEvent, HistoryEvent>,
): void {
  const begun = new Set<HistoryEvent>()
  for (const event of events) {
    const first = series.get(event.stage, event.run)?.firstFailure
    if (first === undefined) continue
    if (event === first) begun.add(event)
    else if (begun.has(first) && !kept.has(event)) {
      const dropped = kept.get(first)?.dropped ?? { executions: 0, attempts: 0 }
      const more = event.dropped ?? { executions: 0, attempts: 0 }
      kept.set(first, {
        ...first,
        dropped: {
          executions: dropped.executions + 1 + more.executions,
          attempts: dropped.attempts + event.attempts + more.attempts,
        },
      })
    }
  }
}
