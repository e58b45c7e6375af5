import { KvAccessError, KvUnavailableError, type KvUnavailableReason } from '../errors.js'

/** The first word of an error reply, such as `NOSCRIPT`. */
export function replyCode(error: unknown): string {
  return error instanceof Error ? (/^-?([A-Z]+)\b/.exec(error.message)?.[1] ?? '') : ''
}

/** The server does not let this user in, or not do this. */
export function isAccessError(error: unknown): boolean {
  return (
    ['NOAUTH', 'WRONGPASS', 'NOPERM', 'NOPROTO'].includes(replyCode(error)) ||
    /invalid password|without any password/.test(messageOf(error))
  )
}

/** The server is there, and will be able to soon; nothing has happened. */
export function isPassing(error: unknown): boolean {
  return ['LOADING', 'TRYAGAIN', 'CLUSTERDOWN', 'MASTERDOWN', 'READONLY', 'MOVED', 'ASK'].includes(replyCode(error))
}

/** Answered by the server, as opposed to a lost connection. */
export function isReply(error: unknown): boolean {
  return replyCode(error) !== '' && error instanceof Error && !('code' in error)
}

export function accessError(location: string, error: unknown): KvAccessError {
  return new KvAccessError(location, messageOf(error))
}

/** For a reply that says the command was not carried out. */
export function refusal(location: string, error: unknown): KvUnavailableError {
  const code = replyCode(error)
  const isFull = code === 'OOM'
  return unavailable(
    location,
    isFull ? 'full' : 'refused',
    'not-applied',
    isFull ? "the server's memory is full" : messageOf(error),
    error,
    HINTS[code],
  )
}

export function unavailable(
  location: string,
  reason: KvUnavailableReason,
  outcome: 'not-applied' | 'unknown',
  problem: string,
  error: unknown,
  hint?: string,
): KvUnavailableError {
  const cause = error === undefined ? {} : { cause: bareError(error) }
  return new KvUnavailableError(`Could not use the Redis server '${location}': ${problem}`, {
    backend: 'redis',
    reason,
    outcome,
    location,
    hint: hint ?? (reason === 'disconnected' ? NOT_CONNECTED : undefined),
    ...cause,
  })
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

const NOT_CONNECTED = 'Check that the server runs, and that host, port and tls are right'

const HINTS: Readonly<Record<string, string>> = {
  OOM: "Raise the server's maxmemory, or delete data; the store goes on by itself",
  MISCONF: 'The server cannot save to its disk; see its log',
  NOREPLICAS: 'The server wants more replicas before it accepts writes',
}

/** A client's errors may carry the command, and with it values and passwords. */
function bareError(error: unknown): Error {
  const bare = new Error(messageOf(error))
  if (error instanceof Error && 'code' in error) Object.assign(bare, { code: error.code })
  return bare
}
