import { createReadStream } from 'node:fs'
import { errorCode } from '@holdfast/atomic-file'
import { HistoryUnreadableError } from '../errors.js'
import { type HistoryEvent, type HistoryHeader, parseHistoryLine } from './history-line.js'

export interface HistoryReading {
  readonly exists: boolean
  readonly events: number
  /** Numbers, from 1, of the lines that are no events and were skipped; the first hundred. */
  readonly badLines: readonly number[]
  readonly badLineCount: number
  readonly header: HistoryHeader | undefined
  /** Bytes up to the end of the last whole line; what follows is an append that was under way or was cut by a kill. */
  readonly wholeBytes: number
}

const MAX_BAD_LINES = 100
const LINE_FEED = 0x0a

/**
 * Calls `visit` for every event of a history file, oldest first, with no more in memory than a piece of the file. Takes no lock: events that are
 * appended meanwhile may be seen or not. A missing file has no events; the line that a kill cut off counts for nothing, and bad lines are skipped.
 *
 * @param run only events of this one are visited; all others are not even parsed, which makes it ten times as fast, and bad lines are not counted
 * @throws HistoryUnreadableError when the system refuses to read the file.
 * @example await readHistory(config.historyFile, (event) => console.log(event.run, event.outcome))
 */
export async function readHistory(
  path: string,
  visit: (event: HistoryEvent, line: string) => void,
  run?: number,
): Promise<HistoryReading> {
  const badLines: number[] = []
  let [badLineCount, events, lineNumber, wholeBytes] = [0, 0, 0, 0]
  let header: HistoryHeader | undefined
  let rest: Buffer[] = []
  // Every writer puts it like this; the same text inside a message is told apart by what is parsed.
  const mark = run === undefined ? undefined : Buffer.from(`"run":${run},`)

  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
      if (!Buffer.isBuffer(piece)) continue
      const end = piece.lastIndexOf(LINE_FEED)
      if (end < 0) {
        rest.push(piece)
        continue
      }
      const whole = Buffer.concat([...rest, piece.subarray(0, end)])
      rest = [piece.subarray(end + 1)]
      wholeBytes += whole.length + 1
      if (mark === undefined) for (const line of whole.toString('utf8').split('\n')) take(line)
      else takeMarked(whole, mark)
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw new HistoryUnreadableError(path, error)
    return { exists: false, events: 0, badLines, badLineCount, header, wholeBytes }
  }
  return { exists: true, events, badLines, badLineCount, header, wholeBytes }

  function takeMarked(whole: Buffer, text: Buffer): void {
    for (let at = whole.indexOf(text); at >= 0; ) {
      const start = whole.lastIndexOf(LINE_FEED, at) + 1
      const next = whole.indexOf(LINE_FEED, at)
      const end = next < 0 ? whole.length : next
      const line = whole.toString('utf8', start, end)
      const parsed = parseHistoryLine(line)
      if (parsed.kind === 'event' && parsed.event.run === run) {
        events += 1
        visit(parsed.event, line)
      }
      at = whole.indexOf(text, end)
    }
  }

  function take(line: string): void {
    lineNumber += 1
    if (line === '') return
    const parsed = parseHistoryLine(line)
    if (parsed.kind === 'event') {
      events += 1
      visit(parsed.event, line)
    } else if (parsed.kind === 'header') header = parsed.header
    else {
      badLineCount += 1
      if (badLines.length < MAX_BAD_LINES) badLines.push(lineNumber)
    }
  }
}

/** For a warning; nothing when there is none to give. */
export function describeBadLines(path: string, { badLines, badLineCount }: HistoryReading): string | undefined {
  if (badLineCount === 0) return undefined
  const shown = badLines.slice(0, 5).join(', ')
  const more = badLineCount > 5 ? ` and ${badLineCount - 5} more` : ''
  return `Lines of '${path}' that are no events were skipped: ${shown}${more}`
}
