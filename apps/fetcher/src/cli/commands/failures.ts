import { loadConfig } from '../../config/load-config.js'
import { makeOfflineLocators } from '../../run/make-sources.js'
import { type CommandResult, type Context, offlineSettings } from '../context.js'
import { table } from '../format.js'
import { plural } from '../render-run.js'

const SHOWN = 20
const SHOWN_ID = 12

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
    for await (const failure of locator.failures()) {
      total += 1
      if (found.length >= most) continue
      const { request, ...rest } = failure
      found.push({ locator: locator.prefix, name: request?.name ?? null, ...rest })
      const { failedAt, id, error, hint } = rest
      rows.push([
        failedAt,
        id.slice(0, SHOWN_ID),
        request?.name ?? '-',
        hint === undefined ? error : `${error}. ${hint}`,
      ])
    }
  }
  const more = total > found.length ? `${total - found.length} more; see --limit\n` : ''
  const text =
    total === 0
      ? 'Nothing was given up\n'
      : `${table(rows)}${more}${plural(total, 'request')} given up; try again with 'fetcher retry ${fetcher} [ID]'\n`
  return { text, document: { name: fetcher, total, failures: found } }
}
