import { loadConfig } from '../../config/load-config.js'
import { makeOfflineLocators } from '../../run/make-sources.js'
import { type CommandResult, type Context, offlineSettings } from '../context.js'
import { table } from '../format.js'
import { plural } from '../render-run.js'

const SHOWN = 20

export async function failures(
  context: Context,
  { fetcher, limit }: { readonly fetcher: string; readonly limit: number },
): Promise<CommandResult> {
  const config = await loadConfig(fetcher, context.place)
  await using store = await context.openExistingState(config)
  const most = limit > 0 ? limit : context.common.json ? Number.POSITIVE_INFINITY : SHOWN
  const found: Record<string, unknown>[] = []
  const rows: string[][] = []
  let total = 0
  for (const locator of store === undefined ? [] : makeOfflineLocators(config, offlineSettings(config, store))) {
    for await (const { request, error, errorCode, failures: count, failedAt } of locator.failures()) {
      total += 1
      if (found.length >= most) continue
      const { id, name } = request
      found.push({ locator: locator.prefix, id, name, error, errorCode, failures: count, failedAt })
      rows.push([failedAt, id.slice(0, 12), name, error])
    }
  }
  const more = total > found.length ? `${total - found.length} more; see --limit\n` : ''
  const text =
    total === 0
      ? 'Nothing was given up\n'
      : `${table(rows)}${more}${plural(total, 'request')} given up; try again with 'fetcher retry ${fetcher} [ID]'\n`
  return { text, document: { name: fetcher, total, failures: found } }
}
