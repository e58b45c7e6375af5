import { createKvStore, type KvStore } from '@holdfast/kv-persistence'
import { type ApiLocator, createSftpLocator, type SftpLocator } from '@holdfast/locators'
import type { ConfigPlace, FetcherConfig } from '../config/load-config.js'
import { apiLocatorOptions } from './api-options.js'
import { makeLogin } from './make-sources.js'
import type { RunPlan } from './run-result.js'
import { sftpLocatorOptions } from './sftp-options.js'
import type { SourceSettings } from './source-settings.js'

const COPIED_AT_ONCE = 500

/** What would be fetched first, found out on a copy of the state in memory. SFTP servers are asked for their listings, APIs are not asked at all. */
export async function planRun(
  config: FetcherConfig,
  place: ConfigPlace,
  settings: Omit<SourceSettings, 'store'>,
  { state, limit }: { readonly state: KvStore | undefined; readonly limit: number },
): Promise<RunPlan> {
  await using copy = await createKvStore({ type: 'memory' })
  const requests: { locator: string; id: string; name: string }[] = []
  let more = false
  for (const content of config.locators) {
    if (state !== undefined) await copyLevel(state, copy, content.prefix)
    const own: SourceSettings = { ...settings, store: copy }
    const locator: ApiLocator | SftpLocator =
      content.type === 'api'
        ? apiLocatorOptions(content, own).make()
        : createSftpLocator({
            ...sftpLocatorOptions(content, own, await makeLogin(content, config, place)),
            stableForSeconds: 0,
          })
    try {
      while (requests.length <= limit) {
        const found = await locator.next(limit + 1 - requests.length)
        if (found.length === 0) break
        requests.push(...found.map(({ request }) => ({ locator: content.prefix, id: request.id, name: request.name })))
      }
    } finally {
      if ('close' in locator) await locator.close()
    }
    more ||= requests.length > limit
  }
  return { name: config.name, dryRun: true, requests: requests.slice(0, limit), more }
}

async function copyLevel(from: KvStore, to: KvStore, prefix: string): Promise<void> {
  let some: [string, unknown][] = []
  for await (const { key, value } of from.scan([prefix])) {
    some.push([key, value])
    if (some.length < COPIED_AT_ONCE) continue
    await to.putMany(some)
    some = []
  }
  if (some.length > 0) await to.putMany(some)
}
