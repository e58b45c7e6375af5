import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { mailTo, reporting } from '../support/reporting.js'
import { runArchiver } from '../support/run-archiver.js'
import { serveHttp } from '../support/serve-http.js'
import { serveSmtp } from '../support/serve-smtp.js'
import { makeSite, type Site } from '../support/site.js'

const dir = useTempDir()

function siteWith(extra: string): Site {
  const site = makeSite(dir())
  site.addRuns([100, 101])
  site.breakRun(101)
  site.configure({ run_process_retries: 0 }, extra)
  return site
}

/** Where nobody listens any more. */
async function closedAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

describe('archiver, alerts by webhook', () => {
  test('posts one document that describes itself', async () => {
    const receiver = await serveHttp((response) => response.writeHead(204).end())
    const site = siteWith(reporting({ webhook: { url: `${receiver.url}/hooks/s3cret?key=t0ken` } }))
    const { stderr } = await runArchiver([site.configPath], { now: () => Date.parse('2026-11-21T10:00:00Z') })
    expect(receiver.requests).toHaveLength(1)
    expect(receiver.requests[0]?.path).toBe('/hooks/s3cret?key=t0ken')
    expect(receiver.requests[0]?.document).toEqual({
      version: 1,
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      kind: 'alert',
      source: 'run-record-archiver',
      host: hostname(),
      time: '2026-11-21T10:00:00.000Z',
      stages: [
        {
          stage: 'Import',
          topic: 'errors',
          failedRuns: [101],
          failedCount: 1,
          outstandingCount: 1,
          errors: [{ run: 101, error: expect.stringContaining('tpc01.fcl') }],
          problems: [],
          problemCount: 0,
          past: [],
          stopped: null,
          goesOn: false,
          noFailuresLeft: false,
        },
      ],
    })
    expect(stderr).toContain(`webhook (${receiver.url})`)
    expect(stderr).not.toMatch(/s3cret|t0ken/)
  })

  test('sends headers, a token from a file, and the password of the address; none of them is logged', async () => {
    const receiver = await serveHttp((response) => response.writeHead(403).end('no'))
    const file = join(dir(), 'token')
    writeFileSync(file, 'bearer-secret\n')
    const withUser = receiver.url.replace('//', '//me:pass-word@')
    const site = siteWith(reporting({ webhook: { url: withUser, headers: { 'X-Api-Key': 'header-secret' } } }))
    const first = await runArchiver([site.configPath])
    expect(receiver.requests[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('me:pass-word').toString('base64')}`,
      'x-api-key': 'header-secret',
    })
    site.configure({}, reporting({ webhook: { url: receiver.url, token_file: file } }))
    const second = await runArchiver([site.configPath])
    expect(receiver.requests[1]?.headers.authorization).toBe('Bearer bearer-secret')
    expect(receiver.requests[1]?.document.id).toBe(receiver.requests[0]?.document.id)
    expect(first.stderr + second.stderr).not.toMatch(/pass-word|header-secret|bearer-secret/)
    expect(second.stderr).toContain(`Alert not sent by webhook (${receiver.url}): it answered with status 403`)
  })

  test.each([
    ['refuses connections', closedAddress, 'ECONNREFUSED'],
    ['is nowhere', () => Promise.resolve('http://no-such-host.invalid'), 'no-such-host.invalid'],
  ])('a receiver that %s is a warning without the path', async (_, address, reason) => {
    const url = `${await address()}/hooks/s3cret`
    const site = siteWith(reporting({ webhook: { url } }, { timeout_seconds: 2 }))
    const { code, stderr } = await runArchiver([site.configPath])
    expect(code).toBe(1)
    expect(stderr).toContain(`Alert not sent by webhook (${new URL(url).origin}): no answer`)
    expect(stderr).toContain(reason)
    expect(stderr).not.toContain('s3cret')
  })

  test('has a time limit of its own', async () => {
    const receiver = await serveHttp(() => undefined)
    const site = siteWith(reporting({ webhook: { url: receiver.url, timeout_seconds: 0.3 } }))
    const begun = Date.now()
    const { stderr } = await runArchiver([site.configPath])
    expect(Date.now() - begun).toBeLessThan(9_000)
    expect(stderr).toContain('no answer in time')
  })

  test('an address in a file is read when it is needed', async () => {
    const receiver = await serveHttp()
    const file = join(dir(), 'url')
    const site = siteWith(reporting({ webhook: { url_file: file } }))
    expect((await runArchiver([site.configPath])).stderr).toContain(`the file '${file}' cannot be read (ENOENT)`)
    writeFileSync(file, `${receiver.url}/x\r\n`)
    await runArchiver([site.configPath])
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/x'])
  })

  test('channels are told at the same time, and each is remembered by itself', async () => {
    const hanging = await serveHttp(() => undefined)
    const webhook = await serveHttp()
    const mail = await serveSmtp()
    const slack = { bot_token: 'xoxb-1', channel: '#daq' }
    const extra = (slackUrl: string): string =>
      reporting(
        { email: mailTo(mail.port), slack: { ...slack, api_url: slackUrl }, webhook: { url: webhook.url } },
        { timeout_seconds: 0.5, min_interval_minutes: 0 },
      )
    const site = siteWith(extra(hanging.url))
    const begun = Date.now()
    await runArchiver([site.configPath])
    expect(Date.now() - begun).toBeLessThan(12_000)
    expect([mail.mails.length, webhook.requests.length]).toEqual([1, 1])
    const mended = await serveHttp()
    site.configure({}, extra(mended.url))
    await runArchiver([site.configPath])
    expect([mail.mails.length, mended.requests.length, webhook.requests.length]).toEqual([1, 1, 1])
    expect(mended.requests[0]?.document.blocks.at(-1).text.text).toContain('tpc01.fcl')
    expect(JSON.parse(site.work('alerts.json') ?? '').errors).toEqual({})
  })
})
