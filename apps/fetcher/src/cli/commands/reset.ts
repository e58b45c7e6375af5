import { ask, canAsk, UsageError } from '@holdfast/cli-kit'
import { loadConfig } from '../../config/load-config.js'
import { makeOfflineLocators } from '../../run/make-sources.js'
import { runningNow } from '../../run/statistics.js'
import { type CommandResult, type Context, offlineSettings } from '../context.js'

/** Nobody is asked who cannot answer: without a terminal it needs --yes. */
export async function reset(
  context: Context,
  { fetcher, yes }: { readonly fetcher: string; readonly yes: boolean },
): Promise<CommandResult> {
  const { common, proc, signal, place } = context
  const config = await loadConfig(fetcher, place)
  const prefixes = config.locators.map(({ prefix }) => prefix)
  await using store = await context.openExistingState(config)
  if (store === undefined)
    return { text: `Nothing is known of ${fetcher} yet\n`, document: { name: fetcher, reset: [] } }
  const running = await runningNow(store, fetcher)
  if (running.length > 0) {
    const [{ host, pid } = { host: '', pid: 0 }] = running
    return {
      text: `${fetcher} is running as process ${pid} on ${host}; end it first\n`,
      document: { name: fetcher, reset: [], running },
      exitCode: 1,
    }
  }
  if (common.dryRun)
    return {
      text: `Would forget all of ${prefixes.join(', ')}\n`,
      document: { name: fetcher, reset: [], dryRun: true },
    }
  if (!yes) {
    if (!canAsk(proc)) throw new UsageError('Nobody can be asked whether all is to be forgotten; say --yes')
    const question = `Forget what is done, what waits and what failed of ${prefixes.join(', ')}? Everything is fetched again then.`
    if (!(await ask(proc, question, signal)))
      return { text: 'Nothing was changed\n', document: { name: fetcher, reset: [] }, exitCode: 1 }
  }
  for (const locator of makeOfflineLocators(config, offlineSettings(config, store))) await locator.reset()
  return { text: `Forgot all of ${prefixes.join(', ')}\n`, document: { name: fetcher, reset: prefixes } }
}
