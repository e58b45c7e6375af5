import type { KvStore } from '@holdfast/kv-persistence'
import type { LocatorOptions } from '@holdfast/locators'
import type { LocatorContent } from '../config/schema.js'

/** What a run adds to the configuration of its locators. */
export interface SourceSettings {
  /** `undefined`: only to see whether the options can be used. */
  readonly store: KvStore | undefined
  readonly leaseSeconds: number
  /** Signs the leases. */
  readonly holder?: string | undefined
  readonly maxRetries: number
  /** First and last day, in place of those of the configuration. */
  readonly since: string | undefined
  readonly until: string | undefined
}

export function commonOptions(content: LocatorContent, settings: SourceSettings): LocatorOptions {
  return {
    prefix: content.prefix,
    store: settings.store,
    leaseSeconds: settings.leaseSeconds,
    holder: settings.holder,
    maxRetries: content.max_retries ?? settings.maxRetries,
    baseDelaySeconds: content.base_delay_seconds,
    maxDelaySeconds: Math.max(content.max_delay_seconds, content.base_delay_seconds),
  }
}
