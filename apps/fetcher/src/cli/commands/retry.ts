import type { Failure } from '@holdfast/locators'
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
  let lost = 0
  for (const locator of store === undefined ? [] : makeOfflineLocators(config, offlineSettings(config, store))) {
    const matching: Failure[] = []
    for await (const failure of locator.failures()) if (isMeant(failure, id)) matching.push(failure)
    // What is lost comes back only with some locators, which say so.
    for (const { id: each, request } of matching) {
      const retried = context.common.dryRun ? (request === undefined ? 0 : 1) : await locator.retry(each)
      count += retried
      if (retried === 0 && request === undefined) lost += 1
    }
  }
  const isUnknown = count === 0 && lost === 0 && id !== undefined
  const verb = context.common.dryRun ? 'would be' : 'will be'
  const text = isUnknown
    ? `Nothing that was given up has the id or name '${id}'\n`
    : `${plural(count, 'request')} ${verb} tried again in the next run\n${describeLost(lost, fetcher)}`
  const document = { name: fetcher, retried: count, lost, dryRun: context.common.dryRun }
  return { text, document, exitCode: isUnknown || lost > 0 ? 1 : 0 }
}

const SHOWN_ID = 12

/** `failures` shows the beginning of an id. */
function isMeant({ id: found, request }: Failure, id: string | undefined): boolean {
  if (id === undefined || found === id || request?.name === id) return true
  return id.length >= SHOWN_ID && found.startsWith(id)
}

function describeLost(lost: number, fetcher: string): string {
  if (lost === 0) return ''
  return `${plural(lost, 'request')} cannot be tried again, since what was to be fetched is lost; see 'fetcher failures ${fetcher}'\n`
}
