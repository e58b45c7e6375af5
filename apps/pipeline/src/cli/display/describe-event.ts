import { harmless } from '@holdfast/cli-kit'
import type { RunEvent } from '../../run/events.js'
import { shorten } from '../shorten.js'
import { formatDuration } from './format-duration.js'

/** What is worth a line of its own that stays; `undefined` for what only moves a bar. */
export function describeEvent(event: RunEvent): readonly string[] | undefined {
  switch (event.type) {
    case 'phase-begin': {
      const many = event.items === undefined ? '' : `${event.todo} of ${event.items} items, `
      return [`${event.phase}: begins, ${many}because ${shorten(harmless(event.reasons.join('; ')), MAX_REASON)}`]
    }
    case 'attempt-failed': {
      const { phase, item, attempt, error, retryInMs } = event
      const next = retryInMs === undefined ? '' : `; again in ${formatDuration(retryInMs)}`
      const first = `${nameOf(phase, item)}: attempt ${attempt} failed: ${harmless(error.message)}${next}`
      // Of items, the log has the rest.
      const tail = item === undefined ? (error.hint ?? '').split('\n').filter(Boolean) : []
      return [first, ...tail.slice(-MAX_TAIL).map((line) => `    ${harmless(line)}`)]
    }
    case 'warning':
      return [`${nameOf(event.phase ?? 'state', event.item)}: ${harmless(event.message)}`]
    case 'phase-end': {
      const { status, durationMs, reason, items } = event.result
      const counts =
        items === undefined ? '' : `, ${items.done} items done, ${items.failed} failed, ${items.unchanged} unchanged`
      const time = status === 'unchanged' || status === 'skipped' ? '' : `, ${formatDuration(durationMs)}`
      return [`${event.phase}: ${status}${time}${counts}${reason === undefined ? '' : `: ${harmless(reason)}`}`]
    }
    default:
      return undefined
  }
}

function nameOf(phase: string, item: string | undefined): string {
  return item === undefined ? phase : `${phase} ${harmless(item)}`
}

const MAX_REASON = 400
const MAX_TAIL = 10
