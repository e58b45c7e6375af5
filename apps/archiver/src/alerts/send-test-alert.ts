import { hostname } from 'node:os'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { Alert, AlertChannel } from './alert.js'
import { openChannels } from './open-channels.js'
import { sendWithin } from './send-within.js'

export interface TestedChannel {
  readonly channel: AlertChannel['name']
  readonly target: string
  /** Everybody whom the channel reaches was told; `undefined` in a dry run. */
  readonly accepted: boolean | undefined
  /** Why not; without secrets. */
  readonly complaints: readonly string[]
}

/** Sends a marked test message by every channel that is enabled, now and whatever was sent before. Remembers nothing, and never rejects. */
export async function sendTestAlert(
  config: Pick<ArchiverConfig, 'reporting'>,
  context: { readonly signal: AbortSignal; readonly now: () => number; readonly dryRun?: boolean },
): Promise<TestedChannel[]> {
  const time = context.now()
  const stage = { stage: 'Archiver', failures: [], outstanding: 0, problems: [], stopped: undefined } as const
  const news = { ...stage, past: [], goesOn: false, noFailuresLeft: false, failureLog: undefined }
  const alert: Alert = { id: `test-${time}`, host: hostname(), time, stages: [news], isTest: true }
  const limits = { timeoutMs: config.reporting.timeout_seconds * 1_000, signal: context.signal }
  return Promise.all(
    openChannels(config.reporting).map(async (channel) => {
      const tested = { channel: channel.name, target: channel.target }
      if (context.dryRun === true) return { ...tested, accepted: undefined, complaints: [] }
      try {
        const { complaints } = await sendWithin(channel, alert, limits)
        return { ...tested, accepted: complaints.length === 0, complaints }
      } catch (error) {
        return { ...tested, accepted: false, complaints: [error instanceof Error ? error.message : String(error)] }
      }
    }),
  )
}

/** @example renderTested([{ channel: 'slack', target: '#daq', accepted: true, complaints: [] }]) // '✓ slack (#daq): accepted\n' */
export function renderTested(tested: readonly TestedChannel[]): string {
  if (tested.length === 0) return "No channel is enabled: set 'enabled: true' in reporting.email, .slack or .webhook\n"
  return tested.map((channel) => renderChannel(channel)).join('')
}

function renderChannel({ channel, target, accepted, complaints }: TestedChannel): string {
  if (accepted === undefined) return `- ${channel} (${target}): would be tested\n`
  return `${accepted ? '✓' : '✗'} ${channel} (${target}): ${accepted ? 'accepted' : complaints.join('; ')}\n`
}
