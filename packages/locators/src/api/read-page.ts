import { NarrowingError, PageFormatError, PagingLoopError } from '../errors.js'
import type { ApiRequest, PagePosition } from './api-request.js'
import type { NarrowingOptions } from './narrowing.js'
import { type NextPage, type PageResponse, type Paging, reader, type Selector } from './paging.js'

/** The answer to one request, with its whole body. */
export interface ReceivedPage {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** JSON, as it came or parsed. */
  readonly body?: string | Uint8Array | object | undefined
}

/** What an answer says about the walk; plain data. */
export interface PageFacts {
  readonly next: { readonly url: string; readonly position: PagePosition } | null
  /** Matches in all, if the server tells and `narrowing` asks. */
  readonly total: number | null
  /** Too many matches: narrower requests take the place of this one, and its result need not be kept. */
  readonly isNarrowed: boolean
  readonly isEmpty: boolean
}

export interface PageRules {
  readonly paging?: Paging | undefined
  readonly narrowing?: NarrowingOptions | undefined
}

const END: PageFacts = { next: null, total: null, isNarrowed: false, isEmpty: false }

/** Whether a walk cannot go on without the facts of this page. */
export function needsFacts({ paging, narrowing }: PageRules, request: ApiRequest): boolean {
  return request.page !== undefined && (paging !== undefined || narrowing !== undefined)
}

/** @throws PageFormatError, PagingLoopError, NarrowingError */
export function readPage(rules: PageRules, request: ApiRequest, page: ReceivedPage): PageFacts {
  const isEmpty = page.status === 404 || page.status === 204
  if (isEmpty || !needsFacts(rules, request)) return { ...END, isEmpty }
  const response = parse(request.url, page)
  const { narrowing } = rules
  const narrowed =
    narrowing === undefined || request.window === undefined ? undefined : narrow(narrowing, request, response)
  if (narrowed?.isNarrowed) return { ...END, ...narrowed }
  return { ...END, ...narrowed, next: nextPage(rules.paging, request, response) }
}

export function startOf(token: string): PagePosition {
  return { number: 1, token, anchor: '' }
}

function narrow(
  { total, limit, maxLength }: NarrowingOptions,
  request: ApiRequest,
  response: PageResponse,
): Pick<PageFacts, 'total' | 'isNarrowed'> {
  const matches = numberAt(total, request.url, response)
  if (matches <= limit || request.page?.number !== 1) return { total: matches, isNarrowed: false }
  if ((request.narrowing ?? '').length >= maxLength) throw new NarrowingError(request.url, matches, limit)
  return { total: matches, isNarrowed: true }
}

function numberAt(selector: Selector<number>, url: string, response: PageResponse): number {
  const value = reader(selector)(response)
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new PageFormatError(url, `the total is missing${typeof selector === 'string' ? ` at ${selector}` : ''}`)
}

function nextPage(paging: Paging | undefined, request: ApiRequest, response: PageResponse): PageFacts['next'] {
  const { page } = request
  if (paging === undefined || page === undefined) return null
  const next = callPaging(paging, { url: new URL(request.url), token: page.token }, response)
  if (next === undefined) return null
  if (next.token === page.anchor || next.token === page.token) throw new PagingLoopError(request.url, page.number)
  // The anchor moves at powers of two, so every circle is noticed before it was walked three times.
  const isPower = Number.isInteger(Math.log2(page.number))
  const position = { number: page.number + 1, token: next.token, anchor: isPower ? page.token : page.anchor }
  return { url: next.url.href, position }
}

function callPaging(paging: Paging, sent: NextPage, response: PageResponse): NextPage | undefined {
  try {
    return paging.next(sent, response)
  } catch (error) {
    throw new PageFormatError(sent.url.href, error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function parse(url: string, { headers, body }: ReceivedPage): PageResponse {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const header = (name: string): string | undefined => {
    const value = lower.get(name.toLowerCase())
    return typeof value === 'string' || value === undefined ? value : value.join(', ')
  }
  let parsed: { readonly json: unknown } | undefined
  return {
    header,
    get json(): unknown {
      parsed ??= { json: parseJson(url, body) }
      return parsed.json
    },
  }
}

function parseJson(url: string, body: ReceivedPage['body']): unknown {
  if (body === undefined) throw new PageFormatError(url, 'it has no body')
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return body
  try {
    return JSON.parse(typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw new PageFormatError(url, 'it is not JSON', { cause: error })
  }
}
