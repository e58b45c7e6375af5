import { existsSync } from 'node:fs'
import { harmless, type ProcessLike, tell } from '@holdfast/cli-kit'
import type { KvStore } from '@holdfast/kv-persistence'
import type { ConfigPlace, FetcherConfig } from '../config/load-config.js'
import { openState, stateOptions } from '../run/open-state.js'
import type { SourceSettings } from '../run/source-settings.js'
import type { CommonOptions } from './requests.js'

/** What a command has to show; `document` is for --json. */
export interface CommandResult {
  readonly text: string
  readonly document: unknown
  readonly exitCode?: number
}

/** What the commands work with. */
export class Context {
  readonly proc: ProcessLike
  readonly common: CommonOptions
  /** Aborted at the first interruption, and at the second one. */
  readonly signal: AbortSignal
  readonly stopSignal: AbortSignal

  constructor(proc: ProcessLike, common: CommonOptions, signal: AbortSignal, stopSignal: AbortSignal) {
    this.proc = proc
    this.common = common
    this.signal = signal
    this.stopSignal = stopSignal
  }

  get place(): ConfigPlace {
    return { configDir: this.common.configDir, env: this.proc.env, currentDir: this.proc.cwd() }
  }

  /** A line on the standard error. */
  note(text: string): void {
    tell(this.proc, 'fetcher', harmless(text))
  }

  /** `undefined` where nothing was fetched yet; looking makes nothing. */
  async openExistingState(config: FetcherConfig): Promise<KvStore | undefined> {
    const options = await stateOptions(config, this.place)
    if (options.type === 'sqlite' && options.path !== undefined && !existsSync(options.path)) return undefined
    return openState(config, this.place)
  }
}

/** For locators that only look at what is stored, and change it. */
export function offlineSettings(config: FetcherConfig, store: KvStore): SourceSettings {
  return {
    store,
    leaseSeconds: config.lease_seconds,
    maxRetries: config.max_retries,
    since: undefined,
    until: undefined,
  }
}
