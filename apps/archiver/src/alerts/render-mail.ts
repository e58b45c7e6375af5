import { type Alert, localTime, type RunNote, type StageNews, topicOf } from './alert.js'
import { plainLine } from './plain-text.js'

export interface Mail {
  readonly subject: string
  readonly body: string
}

const MAX_NUMBERS = 1_000
const MAX_REASONS = 100

/**
 * The mail about one stage. Its body begins with the numbers of the failed runs, one a line, as scripts expect that read the mails of the Python archiver; no
 * line further down is only a number.
 */
export function renderMail(alert: Alert, news: StageNews): Mail {
  const test = alert.isTest ? '[TEST] ' : ''
  const topic = alert.isTest ? 'Alert' : topicOf(news)
  const host = plainLine(alert.host, 100)
  const subject = `${test}Run Record Archiver ${news.stage} ${topic} on ${host} at ${localTime(alert.time)}`
  const numbers = news.failures.slice(0, MAX_NUMBERS).map(({ run }) => String(run))
  const blocks = [numbers, describeNews(news, numbers.length, MAX_REASONS), alert.isTest ? [TEST_TEXT] : []]
  const body = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'))
  return { subject, body: `${body.join('\n\n')}\n` }
}

export const TEST_TEXT = 'This is a test of the alerts. Nothing is wrong, and nothing needs to be done.'

/** Everything but the bare numbers, as lines for people. */
export function describeNews(news: StageNews, shown: number, maxReasons: number): string[] {
  const { stage, failures, outstanding, problems, stopped, failureLog } = news
  const lines: string[] = []
  if (failures.length > shown) lines.push(`… and ${failures.length - shown} more; all are in ${nameOf(failureLog)}`)
  if (stopped !== undefined) lines.push(`${stage} cannot go on: ${plainLine(stopped)}`)
  if (news.goesOn) lines.push(stage === 'Archiver' ? 'The archiver works again.' : `${stage} goes on again.`)
  if (news.noFailuresLeft) lines.push(`No failed runs are left: ${nameOf(failureLog)} is empty.`)
  if (failures.length > 0) {
    lines.push(`${stage}: ${count(failures.length, 'run')} failed since the last alert, ${outstanding} in all.`)
    const known = failures.filter(({ error }) => error !== undefined)
    lines.push(...listNotes(known, maxReasons))
    if (known.length < failures.length) {
      lines.push(`Why the ${known.length > 0 ? 'others' : 'runs'} failed is in the log of an earlier execution.`)
    }
  }
  if (problems.length > 0) {
    lines.push(`${stage}: ${count(problems.length, 'run')} archived, but not as they should be:`)
    lines.push(...listNotes(problems, maxReasons))
  }
  if (news.past.length > 0) lines.push('Over already, and not told before:')
  lines.push(...news.past.slice(0, maxReasons).map((text) => `  ${plainLine(text)}`))
  if (news.past.length > maxReasons) lines.push(`  … and ${news.past.length - maxReasons} more`)
  return lines
}

function listNotes(notes: readonly RunNote[], max: number): string[] {
  const lines = notes.slice(0, max).map(({ run, error }) => `  Run ${run}: ${plainLine(error ?? '', 300)}`)
  return notes.length > max ? [...lines, `  … and ${notes.length - max} more`] : lines
}

function nameOf(failureLog: string | undefined): string {
  return failureLog === undefined ? 'the failure log' : `'${plainLine(failureLog)}'`
}

function count(number: number, word: string): string {
  return number === 1 ? `1 ${word}` : `${number} ${word}s`
}
