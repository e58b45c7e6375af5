import type { HttpAuth } from './http-request.js'

export function noAuth(): HttpAuth {
  return { headers: () => ({}) }
}

/** A key in a header, such as `X-INSEE-Api-Key-Integration`. */
export function headerAuth(name: string, value: string): HttpAuth {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw new TypeError(`'${name}' cannot be the name of a header`)
  if (!isHeaderValue(value)) throw new TypeError(`The value for the header '${name}' is empty or cannot be sent`)
  return { headers: () => ({ [name.toLowerCase()]: value }) }
}

export function basicAuth(username: string, password: string): HttpAuth {
  const authorization = basicHeader(username, password)
  return { headers: () => ({ authorization }) }
}

export function basicHeader(username: string, password: string): string {
  if (username.includes(':')) throw new TypeError('A user name for basic authentication must not hold ":"')
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]+$/.test(value) && value.trim() !== ''
}
