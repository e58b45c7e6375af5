const LONGEST_MS = 24 * 3600 * 1000

/** Milliseconds from now, from seconds or an HTTP date; at most a day. `undefined` for what is neither. */
export function parseRetryAfter(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  wallMs: number,
): number | undefined {
  const { 'retry-after': text, date } = headers
  if (typeof text !== 'string') return undefined
  if (/^\s*\d+(\.\d+)?\s*$/.test(text)) return Math.min(LONGEST_MS, Number(text) * 1000)
  const untilMs = Date.parse(text)
  if (Number.isNaN(untilMs)) return undefined
  // Both dates are of the server's clock, which need not be ours.
  const serverMs = typeof date === 'string' ? Date.parse(date) : Number.NaN
  const nowMs = Number.isNaN(serverMs) ? wallMs : serverMs
  return Math.min(LONGEST_MS, Math.max(0, untilMs - nowMs))
}
