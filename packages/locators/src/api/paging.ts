import { parsePath, select } from './select.js'

/** What the answer of the server says, for finding the next page. */
export interface PageResponse {
  /** Parsed JSON; `undefined` for an empty page. */
  readonly json: unknown
  /** The value of a header, whatever its case. */
  readonly header: (name: string) => string | undefined
}

export interface NextPage {
  readonly url: URL
  readonly token: string
}

/** How a server gives its pages. */
export interface Paging {
  readonly first: (url: URL) => NextPage
  /** `undefined` at the end. */
  readonly next: (sent: NextPage, response: PageResponse) => NextPage | undefined
}

/** A path such as `$.header.total`, or a function of the answer. */
export type Selector<T> = string | ((response: PageResponse) => T | null | undefined)

export interface CursorPagingOptions {
  /** Of the query. */
  readonly parameter: string
  /** Sent for the first page. @default none, the parameter is left out */
  readonly first?: string | undefined
  /** Where the next cursor is in the body; or take `header`. */
  readonly next?: Selector<string | number> | undefined
  /** The header that holds the next cursor. */
  readonly header?: string | undefined
}

/** Ends when there is no next cursor, an empty one, or the one that was sent. */
export function cursorPaging({ parameter, first, next, header }: CursorPagingOptions): Paging {
  if ((next === undefined) === (header === undefined))
    throw new TypeError('A cursor comes from `next` or from `header`')
  const read = next === undefined ? undefined : reader(next)
  return {
    first: (url) => ({ url: first === undefined ? url : withParameter(url, parameter, first), token: first ?? '' }),
    next: (sent, response) => {
      const found = read === undefined ? response.header(header ?? '') : read(response)
      const cursor = typeof found === 'number' ? String(found) : found
      if (typeof cursor !== 'string' || cursor === '' || cursor === sent.token) return undefined
      return { url: withParameter(sent.url, parameter, cursor), token: cursor }
    },
  }
}

export interface NumberPagingOptions {
  /** Of the query. @default 'page' or 'offset' */
  readonly parameter?: string | undefined
  /** The first page number or offset. @default 1 for pages, 0 for offsets */
  readonly first?: number | undefined
  /** Items per page: a page with fewer is the last. @default none, the first empty page ends the walk */
  readonly size?: number | undefined
  /** The items of the page. */
  readonly items: Selector<readonly unknown[]>
  /** All there are, pages or items; ends the walk without one more request. */
  readonly total?: Selector<number> | undefined
}

/** `?page=1`, `?page=2`, …; `total` counts pages. */
export function pageNumberPaging(options: NumberPagingOptions): Paging {
  return numbers({ parameter: 'page', first: 1, ...options }, () => 1)
}

/** `?offset=0`, `?offset=100`, …, by as many as came; `total` counts items. */
export function offsetPaging(options: NumberPagingOptions): Paging {
  return numbers({ parameter: 'offset', first: 0, ...options }, (count) => count)
}

/** The `next` of the `Link` header, on the same server only. */
export function linkPaging(): Paging {
  return {
    first: (url) => ({ url, token: url.href }),
    next: (sent, response) => {
      const target = nextLink(response.header('link') ?? '')
      if (target === undefined) return undefined
      const url = new URL(target, sent.url)
      if (url.origin !== sent.url.origin) throw new TypeError(`The next page is on another server, ${url.host}`)
      return url.href === sent.url.href ? undefined : { url, token: url.href }
    },
  }
}

export function noPaging(): Paging {
  return { first: (url) => ({ url, token: url.href }), next: () => undefined }
}

export function reader<T>(selector: Selector<T>): (response: PageResponse) => unknown {
  if (typeof selector === 'function') return selector
  parsePath(selector)
  return ({ json }) => select(json, selector)
}

function numbers(
  { parameter = '', first = 0, size, items, total }: NumberPagingOptions,
  stepFor: (count: number) => number,
): Paging {
  const [readItems, readTotal] = [reader(items), total === undefined ? undefined : reader(total)]
  const at = (url: URL, number: number): NextPage => ({
    url: withParameter(url, parameter, String(number)),
    token: String(number),
  })
  return {
    first: (url) => at(url, first),
    next: (sent, response) => {
      const found = readItems(response)
      const count = Array.isArray(found) ? found.length : 0
      const next = Number(sent.token) + stepFor(count)
      const all = readTotal?.(response)
      if (count === 0 || (typeof all === 'number' && next - first >= all)) return undefined
      // A server may give fewer than asked for before the end; its total, if it tells one, knows better.
      if (typeof all !== 'number' && size !== undefined && count < size) return undefined
      return at(sent.url, next)
    },
  }
}

/** Leaves the other parameters as they were written: a server may care about `+` and `%20`. */
function withParameter(url: URL, name: string, value: string): URL {
  const others = url.search
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !new URLSearchParams(part).has(name))
  const changed = new URL(url)
  changed.search = [...others, `${encodeURIComponent(name)}=${encodeURIComponent(value)}`].join('&')
  return changed
}

/** Of a header like `<https://a.example/?page=2>; rel="next", <…>; rel="last"`. */
function nextLink(header: string): string | undefined {
  for (const [, target, parameters = ''] of header.matchAll(/<([^>]*)>((?:\s*;\s*[^,;"]+(?:"[^"]*")?)*)/g)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters)
    if ((rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/).includes('next')) return target
  }
  return undefined
}
