import type { KvStore } from '@holdfast/kv-persistence'
import type { FetcherConfig } from '../config/load-config.js'
import type { ApiContent } from '../config/schema.js'
import type { SourceSettings } from './source-settings.js'

const DAY_MS = 86_400_000

/** How many windows of all walks were not begun yet; an estimate for people, which leaves rounding and time zones aside. */
export async function windowsLeft(
  config: FetcherConfig,
  store: KvStore,
  settings: Pick<SourceSettings, 'since' | 'until'>,
): Promise<number> {
  let left = 0
  for (const content of config.locators) {
    if (content.type !== 'api' || content.windows === undefined) continue
    const state = await store.get<{ readonly planned?: readonly Range[] }>([content.prefix, 'state', 'walk'])
    const whole = wholeOf(content.windows, settings)
    const days =
      lengthOf(whole) - (state?.planned ?? []).reduce((sum, range) => sum + lengthOf(overlap(range, whole)), 0)
    left += Math.ceil(Math.max(0, days) / content.windows.step_days)
  }
  return left
}

interface Range {
  readonly from: string
  readonly to: string
}

function wholeOf(
  { start, end }: NonNullable<ApiContent['windows']>,
  { since, until }: Pick<SourceSettings, 'since' | 'until'>,
): Range {
  const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  const configured = typeof start === 'string' ? start : dayOf(Date.now() - start.days_ago * DAY_MS)
  return { from: since ?? configured, to: until ?? end ?? dayOf(Date.now()) }
}

function overlap(one: Range, other: Range): Range {
  const [, from = ''] = [one.from, other.from].sort()
  const [to = ''] = [one.to, other.to].sort()
  return { from, to }
}

function lengthOf({ from, to }: Range): number {
  return Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1)
}
