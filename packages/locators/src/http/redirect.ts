import { HttpRedirectError } from '../errors.js'

export type RedirectPolicy = 'none' | 'same-host' | 'any'

export interface Redirect {
  readonly url: string
  /** Another host: it gets no credentials. */
  readonly isForeign: boolean
}

/** Where the answer leads, or `undefined` if it is no redirect. @throws HttpRedirectError if that is not followed */
export function redirectOf(
  from: string,
  status: number,
  location: string | readonly string[] | undefined,
  policy: RedirectPolicy,
): Redirect | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined
  if (policy === 'none') throw new HttpRedirectError(from, 'and redirects are not followed')
  if (typeof location !== 'string' || !URL.canParse(location, from)) throw new HttpRedirectError(from, 'to nowhere')
  const [old, next] = [new URL(from), new URL(location, from)]
  if (next.protocol !== 'https:' && next.protocol !== old.protocol) {
    throw new HttpRedirectError(from, `to ${next.protocol}//, which is less safe`)
  }
  if (next.username !== '' || next.password !== '') throw new HttpRedirectError(from, 'to a URL with credentials')
  const isUpgrade = next.hostname === old.hostname && old.protocol === 'http:' && next.protocol === 'https:'
  const isForeign = next.host !== old.host && !isUpgrade
  if (isForeign && policy === 'same-host') {
    throw new HttpRedirectError(from, `to another host, ${next.host}, which is not allowed`)
  }
  return { url: next.href, isForeign }
}
