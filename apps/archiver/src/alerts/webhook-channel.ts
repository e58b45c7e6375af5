import type { AlertChannel } from './alert.js'
import type { AlertSettings } from './alert-settings.js'
import { plainLine } from './plain-text.js'
import { postJson } from './post-json.js'
import { redactor } from './redact.js'
import { renderWebhook } from './render-webhook.js'
import { secretValue } from './secret-value.js'

/** One JSON document for each alert, to any address. The address counts as a secret. */
export function createWebhookChannel(settings: AlertSettings['webhook'], timeoutMs: number): AlertChannel {
  return {
    name: 'webhook',
    target: settings.url === undefined ? "the address of 'url_file'" : originOf(settings.url),
    async send(alert, signal) {
      const url = await secretValue(settings.url, settings.url_file)
      if (url === undefined || !URL.canParse(url) || !/^https?:/.test(url))
        throw new Error('its url is no http(s) address')
      const token = await secretValue(undefined, settings.token_file)
      const limitMs = Math.min(settings.timeout_seconds * 1000, timeoutMs)
      const { href, pathname, search, username, password } = new URL(url)
      const redact = redactor([
        token,
        url,
        href,
        pathname,
        search,
        username,
        password,
        ...Object.values(settings.headers),
      ])
      try {
        const { status } = await postJson({
          url,
          headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...settings.headers },
          document: renderWebhook(alert),
          signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
          deadline: Date.now() + limitMs,
        })
        if (status < 200 || status > 299) throw new Error(`it answered with status ${status}`)
      } catch (error) {
        throw new Error(plainLine(redact(error instanceof Error ? error.message : String(error)), 300))
      }
      return { accepted: alert.stages.map(({ stage }) => stage), complaints: [] }
    },
  }
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'no address'
}
