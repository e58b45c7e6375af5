import type { FailureOutcome, Progress } from '@holdfast/locators'

/** What became of one request. */
export interface JobResult {
  /** `empty`: the server has nothing there; `unchanged`: it has what it had; `narrowed`: narrower requests take its place. */
  readonly outcome: 'stored' | 'empty' | 'unchanged' | 'narrowed'
  readonly items: number
  /** Received, before unpacking. */
  readonly bytes: number
  readonly bundle: string | null
  readonly fetchSeconds: number
  readonly storeSeconds: number
}

/** One request that is ours for now. */
export interface Job {
  readonly id: string
  readonly name: string
  readonly attempt: number
  /** Fetches, stores durably, then acknowledges. `stop` ends it at once; `drain` only what has not been sent yet. */
  run(signals: JobSignals): Promise<JobResult>
  failed(error: unknown): Promise<FailureOutcome>
  giveBack(): Promise<void>
}

export interface JobSignals {
  readonly stop: AbortSignal
  readonly drain: AbortSignal
  /** To be called when the result is durable and only its acknowledgement is left, so that the next request begins beside it. */
  readonly onStored: () => void
}

/** A locator with all that is needed to do its requests. */
export interface Source {
  readonly prefix: string
  readonly kind: 'api' | 'sftp'
  /** Up to `max` requests. So many more are about to be asked for as `ahead` says: they may be put into line at the same time. */
  next(max: number, ahead: number): Promise<Job[]>
  endLeasesOf(isGone: (holder: string) => Promise<boolean>): Promise<number>
  progress(): Promise<Progress>
  waitForWork(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}
