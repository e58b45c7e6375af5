import type { AlertChannel } from './alert.js'
import type { AlertSettings } from './alert-settings.js'
import { createMailChannel } from './mail-channel.js'
import { createSlackChannel } from './slack-channel.js'
import { createWebhookChannel } from './webhook-channel.js'

/** The channels that are enabled. Nothing is connected or read before something is sent. */
export function openChannels({ email, slack, webhook, timeout_seconds: seconds }: AlertSettings): AlertChannel[] {
  const timeoutMs = seconds * 1_000
  return [
    ...(email.enabled ? [createMailChannel(email, timeoutMs)] : []),
    ...(slack.enabled ? [createSlackChannel(slack, timeoutMs)] : []),
    ...(webhook.enabled ? [createWebhookChannel(webhook, timeoutMs)] : []),
  ]
}
