import { createHash } from 'node:crypto'
import type { WorkRequest } from '../locator.js'
import type { DateWindow } from './day-ranges.js'

/** A request as a configuration says it. Credentials do not belong here: an auth plug-in adds them when it is sent. */
export interface RequestSpec {
  readonly url: string | URL
  /** @default 'GET' */
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
}

/** Where a page is in its walk. */
export interface PagePosition {
  /** 1 for the first. */
  readonly number: number
  /** What asked for it: a cursor, a number, a URL. */
  readonly token: string
  /** The token of an earlier page, to notice a walk in circles. */
  readonly anchor: string
}

export interface ApiRequest extends WorkRequest {
  readonly url: string
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly window?: DateWindow
  /** The window was not over when this was asked for. */
  readonly isOpen?: true
  /** The prefix that the window is narrowed to; empty: the whole window. */
  readonly narrowing?: string
  readonly page?: PagePosition
  /** Fetched again by itself: what follows it is left alone. */
  readonly isAlone?: true
}

export type RequestPlace = Pick<ApiRequest, 'window' | 'isOpen' | 'narrowing' | 'page'>

/** @throws TypeError for a URL that holds credentials or is not of the web, RangeError for one that is too long to be kept */
export function makeApiRequest({ url, method = 'GET', headers, body }: RequestSpec, place: RequestPlace): ApiRequest {
  const parsed = new URL(url)
  if (parsed.username !== '' || parsed.password !== '') {
    throw new TypeError(`The URL of ${parsed.host} must not hold credentials: they would be kept and shown`)
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new TypeError(`A URL must be of http or https, not '${parsed.protocol}'`)
  }
  parsed.hash = ''
  const verb = method.toUpperCase()
  const { window, isOpen } = place
  const identity = [verb, canonical(parsed), body ?? '', window?.from ?? '', window?.to ?? '', isOpen ? 'open' : '']
  return {
    ...place,
    id: createHash('sha256').update(JSON.stringify(identity)).digest('hex'),
    name: parsed.href,
    url: parsed.href,
    method: verb,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
  }
}

/** The same whatever order the parameters were written in. */
function canonical(url: URL): string {
  const sorted = new URL(url)
  sorted.searchParams.sort()
  return sorted.href
}
