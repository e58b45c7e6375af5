import { SftpLocator } from '@holdfast/locators'
import { apiLocatorOptions } from '../run/api-options.js'
import { sftpLocatorOptions } from '../run/sftp-options.js'
import { type Mistake, messageOf } from './read-yaml.js'
import type { ApiContent, FileContent, LocatorContent } from './schema.js'

/** Rules that look at several keys together, and those of the locators: each is made once, with nothing connected or stored. */
export function findMistakes({ locators }: FileContent): Mistake[] {
  return locators.flatMap((locator, index) => {
    const own = locator.type === 'api' ? apiMistakes(locator) : []
    const found = own.length > 0 ? own : locatorMistakes(locator)
    return found.map(({ path, message }) => ({ path: ['locators', index, ...path], message }))
  })
}

function apiMistakes({ url, windows, requests, paging, narrowing, auth, headers }: ApiContent): Mistake[] {
  const mistakes: Mistake[] = []
  const add = (path: readonly PropertyKey[], message: string): unknown => mistakes.push({ path, message })
  if (windows === undefined && requests === undefined) add([], 'needs windows (with url) or requests')
  if (windows !== undefined && url === undefined) add(['windows'], 'need url')
  if (narrowing !== undefined && windows === undefined) add(['narrowing'], 'needs windows')
  if (narrowing !== undefined && !Object.values(narrowing.query).some((value) => String(value).includes('{prefix}')))
    add(['narrowing', 'query'], 'needs {prefix} in one of its values')
  if (paging.type === 'cursor' && (paging.next === undefined) === (paging.header === undefined))
    add(['paging'], 'needs next or header, where the next cursor is')
  if (auth.type === 'header' && Object.keys(headers).some((name) => name.toLowerCase() === auth.header.toLowerCase()))
    add(['headers'], `hold ${auth.header}, which auth sets`)
  return mistakes
}

function locatorMistakes(locator: LocatorContent): Mistake[] {
  try {
    if (locator.type === 'api') apiLocatorOptions(locator, TRIAL).make()
    else new SftpLocator(sftpLocatorOptions(locator, TRIAL, undefined))
    return []
  } catch (error) {
    return [{ path: [], message: messageOf(error) }]
  }
}

const TRIAL = { store: undefined, leaseSeconds: 300, maxRetries: 5, since: undefined, until: undefined } as const
