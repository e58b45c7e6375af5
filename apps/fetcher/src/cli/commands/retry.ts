import { loadConfig } from '../../config/load-config.js'
import { makeOfflineLocators } from '../../run/make-sources.js'
import { type CommandResult, type Context, offlineSettings } from '../context.js'
import { plural } from '../render-run.js'

export async function retry(
  context: Context,
  { fetcher, id }: { readonly fetcher: string; readonly id: string | undefined },
): Promise<CommandResult> {
  const config = await loadConfig(fetcher, context.place)
  await using store = await context.openExistingState(config)
  let count = 0
  for (const locator of store === undefined ? [] : makeOfflineLocators(config, offlineSettings(config, store))) {
    const matching: string[] = []
    for await (const { request } of locator.failures()) {
      // `failures` shows the beginning of an id.
      if (
        id === undefined ||
        request.id === id ||
        request.name === id ||
        (id.length >= SHOWN_ID && request.id.startsWith(id))
      )
        matching.push(request.id)
    }
    if (context.common.dryRun) count += matching.length
    else if (id === undefined) count += await locator.retry()
    else for (const each of matching) count += await locator.retry(each)
  }
  const exitCode = count === 0 && id !== undefined ? 1 : 0
  const verb = context.common.dryRun ? 'would be' : 'will be'
  const text =
    exitCode === 1
      ? `Nothing that was given up has the id or name '${id}'\n`
      : `${plural(count, 'request')} ${verb} tried again in the next run\n`
  return { text, document: { name: fetcher, retried: count, dryRun: context.common.dryRun }, exitCode }
}

const SHOWN_ID = 12
