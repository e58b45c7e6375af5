import { isTable } from './expand.js'

const FLAT_KEYS = [
  'recipient_email',
  'sender_email',
  'smtp_host',
  'smtp_port',
  'smtp_use_tls',
  'smtp_user',
  'smtp_password',
] as const

/** The old form had the mail settings directly under `reporting`; it becomes `reporting.email`, with the defaults it had then. */
export function modernizeReporting(data: Record<string, unknown>, warnings: string[]): Record<string, unknown> {
  const { reporting } = data
  if (!isTable(reporting) || !('send_email_on_error' in reporting)) return data
  warnings.push(
    "'reporting.send_email_on_error' is deprecated: move the mail settings to 'reporting.email' with 'enabled'",
  )
  const rest = { ...reporting }
  const email: Record<string, unknown> = { enabled: rest.send_email_on_error, smtp_port: 587, smtp_use_tls: true }
  delete rest.send_email_on_error
  for (const key of FLAT_KEYS) {
    if (rest[key] !== undefined && rest[key] !== null) email[key] = rest[key]
    delete rest[key]
  }
  const keepsNewForm = isTable(rest.email) && Object.keys(rest.email).length > 0
  return { ...data, reporting: keepsNewForm ? rest : { ...rest, email } }
}
