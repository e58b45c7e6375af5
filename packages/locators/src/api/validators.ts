import type { PageFacts, ReceivedPage } from './read-page.js'

/** Kept under `validators:`; with the facts of the page, since an answer 304 has no body to read them from. */
export interface Validators {
  readonly etag?: string
  readonly lastModified?: string
  readonly page: PageFacts
}

/** `undefined` when the answer has nothing to ask by. */
export function makeValidators(headers: ReceivedPage['headers'], page: PageFacts): Validators | undefined {
  const header = (name: string): string | undefined => {
    const [, value] = Object.entries(headers).find(([key]) => key.toLowerCase() === name) ?? []
    return typeof value === 'string' ? value : undefined
  }
  const [etag, lastModified] = [header('etag'), header('last-modified')]
  if (etag === undefined && lastModified === undefined) return undefined
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }), page }
}

export function conditionalHeaders(validators: Validators | undefined): Record<string, string> {
  const { etag, lastModified } = validators ?? {}
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  }
}
