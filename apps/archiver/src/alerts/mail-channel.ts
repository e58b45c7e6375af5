import { readTextFile } from '@holdfast/atomic-file'
import type { Transporter } from 'nodemailer'
import type { AlertChannel, AlertStage } from './alert.js'
import type { AlertSettings } from './alert-settings.js'
import { plainLine } from './plain-text.js'
import { type Redact, redactor } from './redact.js'
import { renderMail } from './render-mail.js'
import { secretValue } from './secret-value.js'

type EmailSettings = AlertSettings['email']

const IMPLICIT_TLS_PORT = 465
const MAX_ADDRESSES = 10_000

/** Mails by SMTP, one for each stage. */
export function createMailChannel(settings: EmailSettings, timeoutMs: number): AlertChannel {
  const recipients = oneLine(settings.recipient_email)
  const sender = oneLine(settings.sender_email)
  return {
    name: 'email',
    target: `${plainLine(settings.smtp_host ?? '')}:${settings.smtp_port}`,
    async send(alert, signal) {
      const password = await secretValue(settings.smtp_password, settings.smtp_password_file)
      const redact = redactor([password])
      const transport = await connect(settings, password, timeoutMs)
      const accepted: AlertStage[] = []
      const complaints: string[] = []
      // One after the other: a relay that refuses one will mostly refuse all, and some allow one connection only.
      for (const news of alert.stages) {
        const { subject, body } = renderMail(alert, news)
        try {
          const mail = { from: sender, to: recipients, subject, text: body, signal, headers: AUTOMATIC }
          complaints.push(...refusals(await transport.sendMail(mail), redact))
          accepted.push(news.stage)
        } catch (error) {
          complaints.push(explain(error, settings, redact))
          break
        }
      }
      if (accepted.length === 0) throw new Error(complaints.join('; '))
      return { accepted, complaints }
    },
  }
}

// Keeps out-of-office replies away. https://www.rfc-editor.org/rfc/rfc3834
const AUTOMATIC = { 'Auto-Submitted': 'auto-generated' }

/** Line ends separate addresses as commas do, and never begin another header. */
function oneLine(addresses = ''): string {
  return plainLine(addresses.trim().replaceAll(/[\r\n]+/g, ', '), MAX_ADDRESSES)
}

async function connect(settings: EmailSettings, password: string | undefined, timeoutMs: number): Promise<Transporter> {
  const { smtp_host: host, smtp_port: port, smtp_use_tls: useTls, smtp_user: user } = settings
  const caFile = settings.smtp_tls_ca_file
  const ca = caFile === undefined ? {} : { ca: await readTextFile(caFile) }
  const auth = user === undefined || password === undefined ? {} : { auth: { user, pass: password }, forceAuth: true }
  const secure = useTls && port === IMPLICIT_TLS_PORT
  // Most executions have nothing to mail.
  const { createTransport } = await import('nodemailer')
  return createTransport({
    host: host ?? 'localhost',
    port,
    secure,
    // Without TLS in the configuration there is none, as it was for the Python archiver.
    ...(useTls ? { requireTLS: !secure } : { ignoreTLS: true }),
    tls: { ...ca, rejectUnauthorized: settings.smtp_tls_verify },
    ...auth,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

function refusals(info: unknown, redact: Redact): string[] {
  const rejected = typeof info === 'object' && info !== null && 'rejected' in info ? info.rejected : []
  if (!Array.isArray(rejected) || rejected.length === 0) return []
  return [`recipients refused: ${plainLine(redact(rejected.map(String).join(', ')))}`]
}

function explain(error: unknown, settings: EmailSettings, redact: Redact): string {
  const message = error instanceof Error ? error.message : String(error)
  const isTls = error instanceof Error && 'code' in error && (error.code === 'ETLS' || /certificate/.test(message))
  const hint =
    isTls && settings.smtp_use_tls
      ? ' (reporting.email.smtp_tls_ca_file names certificates to trust, smtp_tls_verify: false trusts anybody)'
      : ''
  return `${plainLine(redact(message), 300)}${hint}`
}
