import { setTimeout as pause } from 'node:timers/promises'
import { plainLine } from './plain-text.js'

export interface JsonRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly document: object
  readonly signal: AbortSignal
  /** Epoch milliseconds after which no answer is of use; a longer `Retry-After` is not waited for. */
  readonly deadline: number
}

export interface JsonAnswer {
  readonly status: number
  readonly text: string
}

const MAX_ANSWER_BYTES = 64 * 1024
const MAX_ATTEMPTS = 5
const DEFAULT_RETRY_MS = 1_000

/**
 * POSTs a document. An answer 429, and 503 with `Retry-After`, is asked again when the server says, as long as that is before the deadline. Redirects are not
 * followed: they would carry the secrets elsewhere.
 *
 * @throws Error whose message names neither path nor headers.
 */
export async function postJson(request: JsonRequest): Promise<JsonAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const { status, text, retryAfterMs } = await postOnce(request)
    const isAskedAgain = status === 429 || (status === 503 && retryAfterMs !== undefined)
    const waitMs = retryAfterMs ?? DEFAULT_RETRY_MS
    if (!isAskedAgain || attempt === MAX_ATTEMPTS || Date.now() + waitMs >= request.deadline) return { status, text }
    await pause(waitMs, undefined, { signal: request.signal })
  }
}

interface OneAnswer extends JsonAnswer {
  readonly retryAfterMs: number | undefined
}

async function postOnce({ url, headers, document, signal }: JsonRequest): Promise<OneAnswer> {
  const { address, credentials } = withoutCredentials(url)
  let response: Response
  try {
    response = await fetch(address, {
      method: 'POST',
      headers: merged({ 'content-type': 'application/json; charset=utf-8' }, credentials, headers),
      body: JSON.stringify(document),
      redirect: 'manual',
      signal,
    })
    return {
      status: response.status,
      text: await readStart(response),
      retryAfterMs: parseRetryAfter(response.headers.get('retry-after')),
    }
  } catch (error) {
    if (signal.aborted) throw new Error('no answer in time')
    throw new Error(`no answer: ${plainLine(reasonOf(error), 200)}`)
  }
}

/** Later ones win, however their names are written. */
function merged(...all: readonly Readonly<Record<string, string>>[]): Headers {
  const headers = new Headers()
  for (const [name, value] of all.flatMap((each) => Object.entries(each))) headers.set(name, value)
  return headers
}

/** fetch() takes no address with a user and password in it. */
function withoutCredentials(url: string): { address: URL; credentials: Record<string, string> } {
  const address = new URL(url)
  if (address.username === '' && address.password === '') return { address, credentials: {} }
  const pair = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`
  address.username = ''
  address.password = ''
  return { address, credentials: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
}

async function readStart(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    parts.push(part)
    size += part.byteLength
    if (size >= MAX_ANSWER_BYTES) break
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function parseRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

/** fetch() hides the reason in the cause, whose message holds host and port at most. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return cause.message === '' ? code || error.message : cause.message
}
