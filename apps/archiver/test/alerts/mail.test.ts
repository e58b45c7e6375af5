import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Keys, mailTo, reporting } from '../support/reporting.js'
import { runArchiver } from '../support/run-archiver.js'
import { MAIL_CA_FILE, MAIL_USER, serveSmtp } from '../support/serve-smtp.js'
import { makeSite, type Site } from '../support/site.js'

const dir = useTempDir()

function mailing(port: number, keys: Keys = {}, common: Keys = {}): string {
  return reporting({ email: mailTo(port, keys) }, common)
}

function siteWithBrokenRun(extra: string): Site & { mend(): void } {
  const site = makeSite(dir())
  site.addRuns([100, 101, 102])
  const mend = site.breakRun(101)
  site.configure({ run_process_retries: 0 }, extra)
  return { ...site, mend }
}

describe('archiver, alerts by mail', () => {
  test('a failure is mailed as the Python archiver did: stage, host and time in the subject, the runs one a line first', async () => {
    const server = await serveSmtp()
    const site = siteWithBrokenRun(mailing(server.port))
    const { code, stderr } = await runArchiver([site.configPath])
    expect(code).toBe(1)
    expect(server.mails).toHaveLength(1)
    const [mail] = server.mails
    expect(mail?.headers).toMatch(
      new RegExp(
        `^Subject: Run Record Archiver Import Errors on ${hostname()} at \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d$`,
        'm',
      ),
    )
    expect(mail?.body).toMatch(/^101\n\n/)
    expect(mail?.body.split('\n').filter((line) => /^\s*\d+\s*$/.test(line))).toEqual(['101'])
    expect(mail?.body).toMatch(/Run 101: .*tpc01\.fcl/)
    expect(stderr).toContain('Alert sent by email')
  })

  test('STARTTLS, a password from a file, and several recipients', async () => {
    const server = await serveSmtp({ authOptional: false })
    const passwordFile = join(dir(), 'password')
    writeFileSync(passwordFile, `${MAIL_USER.password}\n`)
    const site = siteWithBrokenRun(
      mailing(server.port, {
        recipient_email: 'shift@example.org, "Expert, On Call" <expert@example.org>',
        smtp_use_tls: true,
        smtp_tls_ca_file: MAIL_CA_FILE,
        smtp_user: MAIL_USER.user,
        smtp_password_file: passwordFile,
      }),
    )
    const { stderr } = await runArchiver([site.configPath])
    expect(stderr).not.toContain('not sent')
    expect(server.mails).toMatchObject([
      { encrypted: true, user: MAIL_USER.user, to: ['shift@example.org', 'expert@example.org'] },
    ])
  })

  test.each([
    [
      'the server offers no STARTTLS',
      { smtp_use_tls: true },
      { hideSTARTTLS: true, disabledCommands: ['STARTTLS' as const] },
    ],
    ['nobody vouches for its certificate', { smtp_use_tls: true }, {}],
    [
      'the password is wrong',
      {
        smtp_use_tls: true,
        smtp_tls_ca_file: MAIL_CA_FILE,
        smtp_user: MAIL_USER.user,
        smtp_password: 'battery staple',
      },
      {},
    ],
    ['the password file is missing', { smtp_user: MAIL_USER.user, smtp_password_file: '/nonexistent/password' }, {}],
    [
      'it knows no authentication',
      { smtp_user: 'me', smtp_password: 'battery staple' },
      { disabledCommands: ['AUTH' as const] },
    ],
  ])('nothing is sent when %s; the result is the same, and the next execution sends it', async (_, keys, options) => {
    const server = await serveSmtp(options)
    const site = siteWithBrokenRun(mailing(server.port, keys))
    const first = await runArchiver([site.configPath])
    expect(first.code).toBe(1)
    expect(first.stdout).not.toContain('mail')
    expect(first.stderr).toMatch(/WARNING - Alert not sent by email/)
    expect(first.stderr + site.work('alerts.json')).not.toMatch(/battery/)
    expect(server.mails).toEqual([])
    const mended = await serveSmtp()
    site.configure({}, mailing(mended.port))
    await runArchiver([site.configPath, '--incremental'])
    expect(mended.mails).toHaveLength(1)
    expect(mended.mails[0]?.body).toMatch(/^101\n\n[\s\S]*Run 101: .*tpc01\.fcl/)
  })

  test('a server that repeats the password in its answer does not bring it into the log', async () => {
    const server = await serveSmtp()
    const passwordFile = join(dir(), 'password')
    writeFileSync(passwordFile, 'battery staple')
    const tls = { smtp_use_tls: true, smtp_tls_ca_file: MAIL_CA_FILE }
    const site = siteWithBrokenRun(
      mailing(server.port, { ...tls, smtp_user: MAIL_USER.user, smtp_password_file: passwordFile }),
    )
    const { stderr } = await runArchiver([site.configPath])
    expect(stderr).toContain("Wrong password '***' for archiver")
    expect(stderr).not.toContain('battery')
  })

  test('a recipient who is refused is named, and the others are told once', async () => {
    const server = await serveSmtp({
      onRcptTo: ({ address }, _session, done) =>
        address.startsWith('gone') ? done(new Error('No such user')) : done(),
    })
    const site = siteWithBrokenRun(mailing(server.port, { recipient_email: 'gone@example.org,shift@example.org' }))
    const { stderr } = await runArchiver([site.configPath])
    expect(stderr).toMatch(/WARNING - Alert by email .*recipients refused: gone@example\.org/)
    await runArchiver([site.configPath], { now: () => Date.now() + 7_200_000 })
    expect(server.mails.map(({ to }) => to)).toEqual([['shift@example.org']])
  })

  test('nothing counts as told when every recipient is refused', async () => {
    let refuse = true
    const server = await serveSmtp({
      onRcptTo: (_address, _session, done) => (refuse ? done(new Error('Try later')) : done()),
    })
    const site = siteWithBrokenRun(mailing(server.port))
    expect((await runArchiver([site.configPath])).stderr).toContain('Alert not sent by email')
    refuse = false
    await runArchiver([site.configPath])
    expect(server.mails).toHaveLength(1)
  })

  test.each([
    ['takes the connection and is silent', () => undefined],
    ['cuts the connection', (socket: { destroy(): void }) => socket.destroy()],
    ['speaks something else', (socket: { end(text: string): void }) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('a server that %s costs a bounded time and nothing else', async (_, behave) => {
    const open = new Set<Socket>()
    const server = createServer((socket) => {
      open.add(socket)
      socket.on('error', () => undefined).once('close', () => open.delete(socket))
      socket.resume()
      behave(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const site = siteWithBrokenRun(mailing(port, {}, { timeout_seconds: 0.5 }))
    const begun = Date.now()
    const { code, stderr } = await runArchiver([site.configPath])
    expect(Date.now() - begun).toBeLessThan(12_000)
    expect(code).toBe(1)
    expect(stderr).toContain('Alert not sent by email')
    expect(site.archived()).toEqual([100, 102])
    await vi.waitFor(() => expect(open.size).toBe(0), 5_000)
  })
})
