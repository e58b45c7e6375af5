import { readFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { onTestFinished } from 'vitest'

export interface ReceivedMail {
  readonly to: readonly string[]
  readonly headers: string
  /** Decoded. */
  readonly body: string
  readonly encrypted: boolean
  readonly user: string | undefined
}

export interface MailServer {
  readonly port: number
  readonly mails: ReceivedMail[]
  /** Connections that are open now. */
  open(): number
}

export const MAIL_USER = { user: 'archiver', password: 'correct horse' } as const

const TLS = new URL('test/fixtures/tls/', import.meta.resolve('@holdfast/ucondb/package.json'))
export const MAIL_CA_FILE: string = fileURLToPath(new URL('ca.pem', TLS))

/** A real SMTP server with STARTTLS and one user. */
export async function serveSmtp(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = []
  const server = new SMTPServer({
    key: readFileSync(new URL('server-key.pem', TLS)),
    cert: readFileSync(new URL('server.pem', TLS)),
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth({ username, password }, _session, done) {
      if (username === MAIL_USER.user && password === MAIL_USER.password) done(null, { user: username })
      else done(new Error(`Wrong password '${password}' for ${username}`))
    },
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const [headers = '', ...rest] = Buffer.concat(parts).toString('utf8').split('\r\n\r\n')
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          headers: headers.replaceAll(/\r\n[ \t]+/g, ' '),
          body: decode(rest.join('\r\n\r\n'), headers),
          encrypted: session.secure,
          user: session.user,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  const sockets = new Set<Socket>()
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.server.address() as AddressInfo).port, mails, open: () => sockets.size }
}

function decode(body: string, headers: string): string {
  const text = body.replaceAll('\r\n', '\n')
  if (/base64/i.test(headers)) return Buffer.from(text, 'base64').toString('utf8')
  if (!/quoted-printable/i.test(headers)) return text
  const bytes = text
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
