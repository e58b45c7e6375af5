import type { Stage } from '../stages/stage.js'

/** `Archiver` is what comes before the stages: a store that cannot be opened stops all of them. */
export type AlertStage = Stage['name'] | 'Archiver'

export interface RunNote {
  readonly run: number
  /** `undefined` when an earlier execution recorded the run, and why is no longer known. */
  readonly error: string | undefined
}

/** What has changed in one stage since a channel was last told. */
export interface StageNews {
  readonly stage: AlertStage
  /** Runs that failed, ascending. */
  readonly failures: readonly RunNote[]
  /** All runs of the failure log, those of `failures` among them. */
  readonly outstanding: number
  /** Runs that are archived, but not as they should be. */
  readonly problems: readonly RunNote[]
  /** Why the stage cannot go on at all. */
  readonly stopped: string | undefined
  /** A stage that was told as stopped goes on. */
  readonly goesOn: boolean
  /** The failure log, of which runs were told, is empty. */
  readonly noFailuresLeft: boolean
  /** What began and is over already, as lines. */
  readonly past: readonly string[]
  /** Where the rest of a long list is found. */
  readonly failureLog: string | undefined
}

/** One alert, as a channel tells it. */
export interface Alert {
  /** The same for an alert that is sent once more because nobody knows whether it arrived. */
  readonly id: string
  readonly host: string
  /** Epoch milliseconds. */
  readonly time: number
  readonly stages: readonly StageNews[]
  readonly isTest: boolean
}

export interface Delivery {
  /** Stages whose news were accepted. */
  readonly accepted: readonly AlertStage[]
  /** Why not all were accepted, or not by everybody; without secrets. */
  readonly complaints: readonly string[]
}

/** One way to the operators. */
export interface AlertChannel {
  readonly name: 'email' | 'slack' | 'webhook'
  /** Where it leads, without secrets. */
  readonly target: string
  /** Rejects when nothing was accepted. Settles soon after the signal is aborted. */
  send(alert: Alert, signal: AbortSignal): Promise<Delivery>
}

/** What a stage's news are about, in one word: `Errors` is what the Python archiver called failures. */
export function topicOf(news: StageNews): 'Errors' | 'Stopped' | 'Warnings' | 'Recovered' {
  if (news.failures.length > 0) return 'Errors'
  if (news.stopped !== undefined) return 'Stopped'
  return news.problems.length > 0 ? 'Warnings' : 'Recovered'
}

/** `2026-01-31 13:45:00`, local time, as in the mails of the Python archiver and in the log. */
export function localTime(epochMs: number): string {
  const time = new Date(epochMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}
