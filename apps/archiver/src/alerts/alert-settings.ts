import type { ConfigurationFile } from '../config/schema.js'

export type AlertSettings = ConfigurationFile['reporting']

/** Makes the paths of files with secrets and certificates independent of the current folder. */
export function withResolvedPaths(settings: AlertSettings, at: (path: string) => string): AlertSettings {
  const { email, slack, webhook } = settings
  const resolved = (path: string | undefined): string | undefined => (path === undefined ? undefined : at(path))
  return {
    ...settings,
    email: {
      ...email,
      smtp_password_file: resolved(email.smtp_password_file),
      smtp_tls_ca_file: resolved(email.smtp_tls_ca_file),
    },
    slack: { ...slack, bot_token_file: resolved(slack.bot_token_file) },
    webhook: { ...webhook, url_file: resolved(webhook.url_file), token_file: resolved(webhook.token_file) },
  }
}
