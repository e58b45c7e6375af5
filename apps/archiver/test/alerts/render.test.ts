import { describe, expect, test } from 'vitest'
import type { Alert, StageNews } from '../../src/alerts/alert.js'
import { plainLine } from '../../src/alerts/plain-text.js'
import { redactor } from '../../src/alerts/redact.js'
import { renderMail } from '../../src/alerts/render-mail.js'
import { renderSlack } from '../../src/alerts/render-slack.js'
import { renderWebhook } from '../../src/alerts/render-webhook.js'

const NEWS: StageNews = {
  stage: 'Migration',
  failures: [],
  outstanding: 0,
  problems: [],
  past: [],
  stopped: undefined,
  goesOn: false,
  noFailuresLeft: false,
  failureLog: '/var/archiver/migrate_failures.log',
}

function alertOf(news: Partial<StageNews>, host = 'daq01'): { alert: Alert; news: StageNews } {
  const whole = { ...NEWS, ...news }
  return {
    news: whole,
    alert: { id: 'x', host, time: Date.parse('2026-01-02T03:04:05'), stages: [whole], isTest: false },
  }
}

describe('renderMail()', () => {
  test('begins with the numbers; errors follow, each on a line of its own', () => {
    const { alert, news } = alertOf({
      failures: [
        { run: 7, error: 'first line\r\n42\r\nBcc: everybody@example.org' },
        { run: 9, error: undefined },
      ],
      outstanding: 3,
    })
    expect(renderMail(alert, news)).toEqual({
      subject: 'Run Record Archiver Migration Errors on daq01 at 2026-01-02 03:04:05',
      body: `7
9

Migration: 2 runs failed since the last alert, 3 in all.
  Run 7: first line 42 Bcc: everybody@example.org
Why the others failed is in the log of an earlier execution.
`,
    })
  })

  test('a host name cannot begin another header', () => {
    const { alert, news } = alertOf({ goesOn: true }, 'daq01\r\nBcc: everybody@example.org\u0000\u202e')
    expect(renderMail(alert, news).subject).toBe(
      'Run Record Archiver Migration Recovered on daq01 Bcc: everybody@example.org at 2026-01-02 03:04:05',
    )
  })

  test('a huge list is cut, and says how many more there are and where', () => {
    const failures = Array.from({ length: 200_000 }, (_, run) => ({ run, error: 'x'.repeat(10_000) }))
    const { alert, news } = alertOf({ failures, outstanding: 200_000 })
    const { body } = renderMail(alert, news)
    expect(body.length).toBeLessThan(50_000)
    const numbers = body.split('\n\n')[0]?.split('\n').map(Number)
    expect(numbers).toEqual(failures.slice(0, 1_000).map(({ run }) => run))
    expect(body).toContain("… and 199000 more; all are in '/var/archiver/migrate_failures.log'")
    expect(body).toContain('200000 runs failed')
  })

  test.each<[string, Partial<StageNews>, string, RegExp]>([
    ['stopped', { stopped: 'no\nconnection' }, 'Migration Stopped', /^Migration cannot go on: no connection$/m],
    ['going on', { goesOn: true }, 'Migration Recovered', /^Migration goes on again\.$/m],
    ['archiver', { stage: 'Archiver', goesOn: true }, 'Archiver Recovered', /^The archiver works again\.$/m],
    [
      'empty log',
      { noFailuresLeft: true },
      'Migration Recovered',
      /^No failed runs are left: .*migrate_failures\.log/m,
    ],
    ['past', { past: ['Run 3 failed'] }, 'Migration Recovered', /^ {2}Run 3 failed$/m],
    ['problems', { problems: [{ run: 3, error: 'no metadata' }] }, 'Migration Warnings', /^ {2}Run 3: no metadata$/m],
  ])('%s', (_, change, topic, line) => {
    const { alert, news } = alertOf(change)
    const { subject, body } = renderMail(alert, news)
    expect(subject).toContain(topic)
    expect(body).toMatch(line)
    expect(body).not.toMatch(/^\d+$/m)
  })
})

describe('renderSlack()', () => {
  test('keeps the limits of Slack and makes no mentions of what errors hold', () => {
    const failures = Array.from({ length: 500 }, (_, run) => ({ run, error: `<!channel> & <@U1> ${'é<'.repeat(400)}` }))
    const { alert, news } = alertOf({ failures, outstanding: 500 }, 'h<!here>'.repeat(100))
    const { text, blocks } = renderSlack(alert, news)
    expect(blocks.length).toBeLessThanOrEqual(50)
    const all = JSON.stringify({ text, blocks })
    expect(all).not.toMatch(/<[!@]/)
    expect(all).toContain('&lt;!channel&gt; &amp; ')
    for (const block of blocks) {
      const { text, fields } = block as { text?: { text: string }; fields?: { text: string }[] }
      if (text !== undefined) expect(text.text.length).toBeLessThanOrEqual(3_000)
      for (const field of fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2_000)
    }
  })
})

test('renderWebhook() cuts lists and keeps their sizes', () => {
  const failures = Array.from({ length: 5_000 }, (_, run) => ({ run, error: 'x'.repeat(10_000) }))
  const text = JSON.stringify(renderWebhook(alertOf({ failures, outstanding: 5_000 }).alert))
  expect(text.length).toBeLessThan(100_000)
  expect(JSON.parse(text).stages[0]).toMatchObject({ failedCount: 5_000, outstandingCount: 5_000 })
})

test('plainLine() counts characters, not their halves', () => {
  expect(plainLine('a\u0007b\u2028c\ud800d', 100)).toBe('a b c d')
  expect(plainLine('😀'.repeat(10), 5)).toBe('😀😀😀😀…')
  expect(plainLine('12345', 5)).toBe('12345')
})

test('redactor() knows secrets in addresses and in base64', () => {
  const redact = redactor(['p/ss word', undefined, 'ab', ''])
  expect(redact('p/ss word p%2Fss%20word cC9zcyB3b3Jk ab')).toBe('*** *** *** ab')
})
