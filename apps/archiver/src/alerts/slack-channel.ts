import type { AlertChannel, AlertStage } from './alert.js'
import type { AlertSettings } from './alert-settings.js'
import { plainLine } from './plain-text.js'
import { postJson } from './post-json.js'
import { redactor } from './redact.js'
import { renderSlack } from './render-slack.js'
import { secretValue } from './secret-value.js'

/** Messages by Slack's `chat.postMessage`, one for each stage. https://docs.slack.dev/reference/methods/chat.postMessage */
export function createSlackChannel(settings: AlertSettings['slack'], timeoutMs: number): AlertChannel {
  const base = settings.api_url.replace(/\/+$/, '')
  return {
    name: 'slack',
    target: `${plainLine(settings.channel ?? '')} at ${new URL(base).origin}`,
    async send(alert, signal) {
      const token = await secretValue(settings.bot_token, settings.bot_token_file)
      const redact = redactor([token])
      const deadline = Date.now() + timeoutMs
      const accepted: AlertStage[] = []
      const complaints: string[] = []
      for (const news of alert.stages) {
        const document = { channel: settings.channel, ...renderSlack(alert, news, settings.mention_users) }
        const headers = { authorization: `Bearer ${token}` }
        try {
          const answer = await postJson({ url: `${base}/chat.postMessage`, headers, document, signal, deadline })
          const complaint = complaintOf(answer.status, answer.text)
          if (complaint !== undefined) throw new Error(complaint)
          accepted.push(news.stage)
        } catch (error) {
          complaints.push(plainLine(redact(error instanceof Error ? error.message : String(error)), 300))
          break
        }
      }
      if (accepted.length === 0) throw new Error(complaints.join('; '))
      return { accepted, complaints }
    },
  }
}

/** Slack answers 200 to what it refuses, too. */
function complaintOf(status: number, text: string): string | undefined {
  if (status !== 200) return `answered with status ${status}`
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return 'answered with something that is not JSON'
  }
  if (typeof answer !== 'object' || answer === null) return 'answered with something that is no answer of Slack'
  if ('ok' in answer && answer.ok === true) return undefined
  return `refused: ${'error' in answer ? String(answer.error) : 'no reason given'}`
}
