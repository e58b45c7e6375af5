import type { SftpConnectionOptions, SftpLocatorOptions, SftpSource } from '@holdfast/locators'
import type { SftpContent } from '../config/schema.js'
import { commonOptions, type SourceSettings } from './source-settings.js'

/** @param login `undefined` for a locator that only looks at what is stored, and connects to nothing */
export function sftpLocatorOptions(
  content: SftpContent,
  settings: SourceSettings,
  login: SftpConnectionOptions | undefined,
): SftpLocatorOptions {
  return {
    ...commonOptions(content, settings),
    connection: login ?? NOWHERE,
    sources: content.sources.map((source) => withDates(source, settings)),
    ...(content.sort === undefined ? {} : { sort: content.sort }),
    listEverySeconds: content.list_every_seconds,
    stableForSeconds: content.stable_for_seconds,
  }
}

const NOWHERE: SftpConnectionOptions = {
  host: 'localhost',
  username: 'nobody',
  password: 'none',
  acceptAnyHostKey: true,
  connectAttempts: 1,
}

/** The days of the command line take the place of those of the file, and then names without a date are left out. */
function withDates(source: SftpContent['sources'][number], { since, until }: SourceSettings): SftpSource {
  if ('file' in source || (since === undefined && until === undefined)) return source
  const { from, until: last, undated } = source.dates ?? {}
  return { ...source, dates: { from: since ?? from, until: until ?? last, undated: undated ?? 'skip' } }
}
