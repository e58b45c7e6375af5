import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { mailTo, reporting } from '../support/reporting.js'
import { runArchiver } from '../support/run-archiver.js'
import { serveHttp } from '../support/serve-http.js'
import { serveSmtp } from '../support/serve-smtp.js'
import { makeSite } from '../support/site.js'

const dir = useTempDir()

describe('archiver alerts test', () => {
  test('sends a marked message by every channel, says what each answered, and exits 1 when one refused', async () => {
    const mail = await serveSmtp()
    const slack = await serveHttp((response) => response.end('{"ok":false,"error":"channel_not_found"}'))
    const webhook = await serveHttp()
    const site = makeSite(dir())
    const channels = (api_url: string) => ({
      email: mailTo(mail.port),
      slack: { bot_token: 'xoxb-1', channel: '#daq', api_url },
      webhook: { url: `${webhook.url}/hook/s3cret` },
    })
    site.configure({}, reporting(channels(slack.url)))
    const refused = await runArchiver(['alerts', 'test', site.configPath])
    expect(refused.code).toBe(1)
    expect(refused.stdout).toBe(
      `✓ email (127.0.0.1:${mail.port}): accepted\n✗ slack (#daq at ${slack.url}): refused: channel_not_found\n✓ webhook (${webhook.url}): accepted\n`,
    )
    expect(mail.mails[0]?.headers).toMatch(/^Subject: \[TEST\] Run Record Archiver /m)
    expect(mail.mails[0]?.body).toContain('This is a test')
    expect(webhook.requests[0]?.document).toMatchObject({ kind: 'test', stages: [{ topic: 'test', failedRuns: [] }] })
    expect(slack.requests[0]?.document.text).toContain('[TEST]')
    expect(site.work('alerts.json')).toBeUndefined()

    site.configure({}, reporting(channels(webhook.url)))
    const accepted = await runArchiver(['alerts', 'test', site.configPath, '--json'])
    expect(accepted.code).toBe(0)
    expect(JSON.parse(accepted.stdout).channels).toMatchObject([
      { channel: 'email', accepted: true },
      { channel: 'slack', accepted: true },
      { channel: 'webhook', accepted: true },
    ])
  })

  test('a secret that cannot be read is named by its file', async () => {
    const site = makeSite(dir())
    const missing = (name: string): string => `${dir()}/${name}`
    const email = { ...mailTo(1), smtp_user: 'u', smtp_password_file: missing('smtp-password') }
    const slack = { bot_token_file: missing('bot-token'), channel: '#daq' }
    site.configure({}, reporting({ email, slack }))
    const { code, stdout } = await runArchiver(['alerts', 'test', site.configPath])
    expect(code).toBe(1)
    for (const name of ['smtp-password', 'bot-token'])
      expect(stdout).toContain(`the file '${missing(name)}' cannot be read (ENOENT)`)
  })

  test('a dry run only names the channels', async () => {
    const webhook = await serveHttp()
    const site = makeSite(dir())
    site.configure({}, reporting({ webhook: { url: webhook.url } }))
    const { code, stdout } = await runArchiver(['alerts', 'test', site.configPath, '--dry-run'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: `- webhook (${webhook.url}): would be tested\n` })
    expect(webhook.requests).toEqual([])
  })

  test('without a channel it says how to enable one', async () => {
    const site = makeSite(dir())
    const { code, stdout } = await runArchiver(['alerts', 'test', site.configPath])
    expect(code).toBe(1)
    expect(stdout).toContain("'enabled: true'")
  })
})
