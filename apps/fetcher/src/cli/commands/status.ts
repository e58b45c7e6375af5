import { loadConfig } from '../../config/load-config.js'
import { lookAt } from '../../serve/look-at.js'
import type { CommandResult, Context } from '../context.js'
import { formatCount, table } from '../format.js'

export async function status(context: Context, { fetcher }: { readonly fetcher: string }): Promise<CommandResult> {
  const config = await loadConfig(fetcher, context.place)
  await using store = await context.openExistingState(config)
  const found = await lookAt(config, store)
  const { running, locators, totals } = found
  const lines = [
    `${fetcher}: ${running.length === 0 ? 'not running' : `${running.length === 1 ? '1 process' : `${running.length} processes`} running`}`,
    ...running.map(
      ({ host, pid, startedAt, pages, items }) =>
        `  ${host} ${pid} since ${startedAt}: ${formatCount(pages)} pages, ${formatCount(items)} items`,
    ),
    `  in all: ${formatCount(totals.bundles)} bundles, ${formatCount(totals.items)} items`,
  ]
  const rows = [
    ['  locator', 'ready', 'retries', 'leased', 'given up', 'next'],
    ...locators.map(({ locator, ready, retries, leased, givenUp, nextAttemptAt }) => [
      `  ${locator}`,
      ...[ready, retries, leased, givenUp].map(formatCount),
      ready > 0 ? 'now' : (nextAttemptAt ?? '-'),
    ]),
  ]
  return { text: `${lines.join('\n')}\n${table(rows)}`, document: found }
}
