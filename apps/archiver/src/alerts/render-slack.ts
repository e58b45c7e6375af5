import { type Alert, localTime, type StageNews, topicOf } from './alert.js'
import { plainLine } from './plain-text.js'
import { describeNews, TEST_TEXT } from './render-mail.js'

const MAX_NUMBERS = 10
const MAX_REASONS = 10
// Slack refuses longer ones: https://docs.slack.dev/reference/block-kit/blocks
const MAX_HEADER = 150
const MAX_TEXT = 3_000

/** What `chat.postMessage` takes beside the channel. */
export interface SlackMessage {
  /** For notifications and old clients. */
  readonly text: string
  readonly blocks: readonly object[]
}

/** @param mentionUsers user ids, separated by commas */
export function renderSlack(alert: Alert, news: StageNews, mentionUsers = ''): SlackMessage {
  const header = `${alert.isTest ? '[TEST] ' : ''}Run Record Archiver ${news.stage} ${alert.isTest ? 'Alert' : TITLES[topicOf(news)]}`
  const host = plainLine(alert.host, 100)
  const mentions = mentionUsers
    .split(',')
    .map((user) => user.replace(/[^\w.-]/g, ''))
    .filter((user) => user !== '')
    .map((user) => `<@${user}>`)
    .join(' ')
  const numbers = news.failures.slice(0, MAX_NUMBERS).map(({ run }) => run)
  const more = news.failures.length - numbers.length
  const lines = [...describeNews(news, news.failures.length, MAX_REASONS), ...(alert.isTest ? [TEST_TEXT] : [])]
  const fields = [
    field('Host', host),
    field('Time', localTime(alert.time)),
    field('Stage', news.stage),
    ...(news.failures.length > 0 ? [field('Failed runs', String(news.failures.length))] : []),
  ]
  return {
    text: `${escapeText(`${header} on ${host}: ${summarize(news, alert.isTest)}`)}${mentions === '' ? '' : ` ${mentions}`}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: header.slice(0, MAX_HEADER) } },
      { type: 'section', fields },
      ...(numbers.length > 0 ? [section(`*Runs:* ${numbers.join(', ')}${more > 0 ? ` … and ${more} more` : ''}`)] : []),
      section(fitText(lines)),
      ...(mentions === '' ? [] : [section(mentions)]),
    ],
  }
}

const TITLES = { Errors: 'Failures', Stopped: 'Stopped', Warnings: 'Warnings', Recovered: 'Recovered' } as const

/** An alert in a few words. */
export function summarize(news: StageNews, isTest = false): string {
  if (isTest) return 'test'
  const parts = [
    news.failures.length > 0 ? `${news.failures.length} failed` : '',
    news.stopped === undefined ? '' : 'cannot go on',
    news.problems.length > 0 ? `${news.problems.length} archived with problems` : '',
    news.goesOn ? 'goes on again' : '',
    news.past.length > 0 ? `${news.past.length} over already` : '',
    news.noFailuresLeft ? 'no failures left' : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

/** Cuts between lines, so that no entity is cut in two. */
function fitText(lines: readonly string[]): string {
  let text = ''
  for (const line of lines.map(escapeText)) {
    if (text.length + line.length + 1 > MAX_TEXT) break
    text += `${line}\n`
  }
  return text.trimEnd()
}

function section(text: string): object {
  return { type: 'section', text: { type: 'mrkdwn', text } }
}

function field(name: string, value: string): object {
  return { type: 'mrkdwn', text: `*${name}:*\n${escapeText(value)}` }
}

/** What Slack reads as an entity or a mention. https://docs.slack.dev/messaging/formatting-message-text */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
