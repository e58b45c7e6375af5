import {
  type ApiLocator,
  type ApiLocatorOptions,
  createApiLocator,
  cursorPaging,
  linkPaging,
  offsetPaging,
  type Paging,
  pageNumberPaging,
  type RequestSpec,
} from '@holdfast/locators'
import type { ApiContent } from '../config/schema.js'
import { commonOptions, type SourceSettings } from './source-settings.js'

export interface ApiParts {
  readonly options: ApiLocatorOptions
  /** @throws TypeError or RangeError for options that cannot be meant */
  make(): ApiLocator
}

export function apiLocatorOptions(content: ApiContent, settings: SourceSettings): ApiParts {
  const { windows, narrowing, requests } = content
  const paging = pagingOf(content.paging)
  const options: ApiLocatorOptions = {
    ...commonOptions(content, settings),
    ...(windows === undefined
      ? {}
      : {
          windows: {
            start:
              settings.since ??
              (typeof windows.start === 'string' ? windows.start : { daysAgo: windows.start.days_ago }),
            end: settings.until ?? windows.end,
            stepDays: windows.step_days,
            direction: windows.direction,
            settleDays: windows.settle_days,
            timeZone: windows.time_zone,
          },
          request: (window, prefix) => windowRequest(content, { ...window, prefix }),
        }),
    ...(requests === undefined
      ? {}
      : {
          requests: requests.map((url) => withQuery(content, url, content.query, {})),
          repeatRequests: content.repeat_requests,
        }),
    paging,
    ...(narrowing === undefined
      ? {}
      : {
          narrowing: {
            limit: narrowing.limit,
            total: narrowing.total,
            alphabet: narrowing.alphabet,
            maxLength: narrowing.max_length,
          },
        }),
    conditional: content.conditional,
  }
  return {
    options,
    make: () => {
      // The walk asks for a URL only when it goes on; a mistake in it is to be told at once.
      if (windows !== undefined) windowRequest(content, { from: '2026-01-01', to: '2026-01-01', prefix: '' })
      return createApiLocator(options)
    },
  }
}

interface Places {
  readonly from?: string
  readonly to?: string
  readonly prefix?: string
}

function windowRequest(content: ApiContent, places: Places): RequestSpec {
  const { url = '', query, narrowing } = content
  const narrowed = (places.prefix ?? '') === '' ? {} : (narrowing?.query ?? {})
  return withQuery(content, fill(url, places), { ...query, ...narrowed }, places)
}

function withQuery(content: ApiContent, base: string, query: ApiContent['query'], places: Places): RequestSpec {
  const url = new URL(base)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, fill(String(value), places))
  const { method, headers, body } = content
  return {
    url,
    method,
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(body === undefined ? {} : { body: fill(body, places) }),
  }
}

/** `{from}`, `{to}`, `{prefix}`; in a URL of the YAML file they may have been encoded by nobody yet. */
function fill(text: string, places: Places): string {
  return text.replace(/\{(from|to|prefix)\}/g, (whole, name: keyof Places) => places[name] ?? whole)
}

function pagingOf(paging: ApiContent['paging']): Paging | undefined {
  switch (paging.type) {
    case 'none':
      return undefined
    case 'cursor':
      return cursorPaging(paging)
    case 'page':
      return pageNumberPaging(paging)
    case 'offset':
      return offsetPaging(paging)
    case 'link':
      return linkPaging()
  }
}
