import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'
import type { Alert, AlertChannel, StageNews } from './alert.js'
import { type AlertMemory, readMemory, writeMemory } from './alert-memory.js'
import { absorbFacts, findNews, forgetTold, rememberTold } from './news.js'
import { redactor } from './redact.js'
import { summarize } from './render-slack.js'
import { sendWithin } from './send-within.js'
import { gatherFacts, type SeenExecution, type StageFacts } from './stage-facts.js'

export interface AlertContext {
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly hostname: string
}

/**
 * Tells every channel what has changed since it was last told. Never rejects: what goes wrong is a warning in the log, and is told with the next execution.
 * What a channel has accepted is durable on return.
 */
export async function reportAlerts(
  seen: SeenExecution,
  channels: readonly AlertChannel[],
  config: ArchiverConfig,
  context: AlertContext,
): Promise<void> {
  const { now, signal } = context
  const logger = context.logger.named('archiver.alerts')
  const path = join(config.workDir, 'alerts.json')
  const names = channels.map(({ name }) => name)
  const { reporting, archive } = config
  const redact = redactor([
    archive.writerPassword,
    reporting.email.smtp_password,
    reporting.slack.bot_token,
    reporting.webhook.url,
  ])
  let memory: AlertMemory
  let writing: Promise<void> = Promise.resolve()

  try {
    const facts = await gatherFacts(seen, config, (message) => logger.warn(message))
    const found = await readMemory(path, now())
    if (found.warning !== undefined) logger.warn(found.warning)
    memory = forgetTold(absorbFacts(found.memory, facts, { redact, now: now(), channels: names }), names)
    // Before anything is sent: reasons and problems are nowhere else.
    if (JSON.stringify(memory) !== JSON.stringify(found.memory)) await save()
    await Promise.all(channels.map((channel) => tell(channel, facts)))
    await writing
  } catch (error) {
    logger.warn(`Alerts cannot be sent: ${redact(messageOf(error))}`)
  }

  async function tell(channel: AlertChannel, facts: readonly StageFacts[]): Promise<void> {
    const stages = findNews(memory, channel.name, facts).map((news) => cleaned(news))
    if (stages.length === 0) return
    const by = `by ${channel.name} (${channel.target})`
    const summary = stages.map((news) => `${news.stage}: ${summarize(news)}`).join('; ')
    if (isTooSoon(channel)) return logger.debug(`Not yet told ${by}, the last alert is too recent: ${summary}`)
    if (signal.aborted) return logger.info(`Interrupted: the next execution tells ${by}: ${summary}`)
    const alert: Alert = { id: idOf(channel, stages), host: context.hostname, time: now(), stages, isTest: false }
    try {
      const limits = { timeoutMs: reporting.timeout_seconds * 1_000, signal }
      const { accepted, complaints } = await sendWithin(channel, alert, limits)
      memory = forgetTold(rememberTold(memory, channel.name, accepted, facts, alert.time), names)
      await save()
      logger.info(`Alert sent ${by}: ${summary}`)
      for (const complaint of complaints) logger.warn(`Alert ${by}: ${redact(complaint)}`)
    } catch (error) {
      logger.warn(`Alert not sent ${by}: ${redact(messageOf(error))}; the next execution tries again (${summary})`)
    }
  }

  function isTooSoon({ name }: AlertChannel): boolean {
    const last = memory.channels[name]?.lastSentAt
    if (last === undefined) return false
    const since = now() - Date.parse(last)
    // A time to come is that of a clock that was wrong.
    return since >= 0 && since < reporting.min_interval_minutes * 60_000
  }

  function idOf({ name }: AlertChannel, stages: readonly StageNews[]): string {
    const basis = [context.hostname, name, memory.channels[name]?.lastSentAt, stages]
    return createHash('sha256').update(JSON.stringify(basis)).digest('hex').slice(0, 32)
  }

  function cleaned(news: StageNews): StageNews {
    return news.stopped === undefined ? news : { ...news, stopped: redact(news.stopped) }
  }

  /** One writer at a time, the newest content last. */
  function save(): Promise<void> {
    writing = writing.then(async () => {
      try {
        await writeMemory(path, memory)
      } catch (error) {
        logger.warn(`'${path}' cannot be written, so that alerts may come twice: ${messageOf(error)}`)
      }
    })
    return writing
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
