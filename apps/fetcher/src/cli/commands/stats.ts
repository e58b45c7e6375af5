import { loadConfig } from '../../config/load-config.js'
import { trackerOf } from '../../run/statistics.js'
import type { CommandResult, Context } from '../context.js'
import { formatBytes, formatCount, table } from '../format.js'

export async function stats(context: Context, { fetcher }: { readonly fetcher: string }): Promise<CommandResult> {
  const config = await loadConfig(fetcher, context.place)
  await using store = await context.openExistingState(config)
  const { counters, timings } =
    store === undefined ? { counters: {}, timings: {} } : await trackerOf(store, fetcher).snapshot()
  const rows = Object.entries(counters).map(([name, value]) => [
    `  ${name}`,
    name === 'bytes' ? `${formatCount(value)} (${formatBytes(value)})` : formatCount(value),
  ])
  const times = Object.entries(timings).map(([name, { count, avgTime, p50, p90, p99, maxTime }]) => [
    `  ${name}`,
    formatCount(count),
    ...[avgTime, p50, p90, p99, maxTime].map((seconds) => `${seconds.toFixed(3)} s`),
  ])
  const head = ['  times', 'count', 'mean', 'p50', 'p90', 'p99', 'max']
  const text =
    rows.length === 0
      ? `Nothing is known of ${fetcher} yet\n`
      : `${fetcher}, all runs\n${table(rows)}${times.length === 0 ? '' : table([head, ...times])}`
  return { text, document: { name: fetcher, counters, timings } }
}
