import { localTime } from './alert.js'
import type { AlertMemory } from './alert-memory.js'
import { plainLine } from './plain-text.js'
import type { Redact } from './redact.js'
import type { StageFacts } from './stage-facts.js'

export interface PastContext {
  readonly redact: Redact
  /** Epoch milliseconds. */
  readonly now: number
  /** Names of all that are to be told. */
  readonly channels: readonly string[]
}

/** Notes what began and is over before every channel could be told of it, such as an outage that took the mail server along. */
export function notePast(memory: AlertMemory, facts: readonly StageFacts[], context: PastContext): AlertMemory {
  const { redact, now, channels } = context
  const past = [...memory.past]
  const stops = { ...memory.stops }
  let { lastProblem } = memory
  for (const { stage, stopped, failures } of facts) {
    const stop = stops[stage]
    if (stop !== undefined && stop.reason !== stopped?.reason) {
      const knownBy = channels.filter((name) => memory.channels[name]?.stages[stage]?.stopped === stop.reason)
      note(stage, knownBy, `${stage} could not go on from ${localTime(stop.since)} to ${localTime(now)}: ${stop.error}`)
      delete stops[stage]
    }
    if (stopped !== undefined) {
      stops[stage] ??= { reason: stopped.reason, error: plainLine(redact(stopped.error)), since: now }
    }
    for (const [run, error] of Object.entries(memory.errors[stage] ?? {})) {
      if (failures === undefined || failures.includes(Number(run))) continue
      const knownBy = channels.filter((name) => memory.channels[name]?.stages[stage]?.failures.includes(Number(run)))
      note(stage, knownBy, `Run ${run} failed, and has left the failure log since: ${error}`)
    }
  }
  return { ...memory, past: past.slice(-MAX_PAST), stops, lastProblem }

  function note(stage: string, knownBy: string[], text: string): void {
    if (channels.every((name) => knownBy.includes(name))) return
    lastProblem += 1
    past.push({ number: lastProblem, stage, knownBy, text })
  }
}

const MAX_PAST = 200
