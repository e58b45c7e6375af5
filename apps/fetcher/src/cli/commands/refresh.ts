import { loadConfig } from '../../config/load-config.js'
import { makeOfflineLocators } from '../../run/make-sources.js'
import { type CommandResult, type Context, offlineSettings } from '../context.js'
import { plural } from '../render-run.js'

export async function refresh(
  context: Context,
  { fetcher, id }: { readonly fetcher: string; readonly id: string },
): Promise<CommandResult> {
  const config = await loadConfig(fetcher, context.place)
  await using store = await context.openExistingState(config)
  let count = 0
  if (store !== undefined && !context.common.dryRun) {
    for (const locator of makeOfflineLocators(config, offlineSettings(config, store)))
      count += await locator.refresh(id)
  }
  const document = { name: fetcher, refreshed: count, dryRun: context.common.dryRun }
  if (context.common.dryRun) return { text: `Would put '${id}' in line again, if it was fetched\n`, document }
  if (count > 0) return { text: `${plural(count, 'request')} will be made again in the next run\n`, document }
  return {
    text: `Nothing that was fetched has the id, URL or path '${id}', or it is in line already\n`,
    document,
    exitCode: 1,
  }
}
