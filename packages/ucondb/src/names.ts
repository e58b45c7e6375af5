const KEY = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/
const RUN_NUMBER = /^(?:0|[1-9][0-9]*)$/

/** Whether a text may be used as a key; see `RunArchive`. */
export function isArchiveKey(text: string): boolean {
  return KEY.test(text) && !text.toLowerCase().endsWith('.json')
}

export function assertArchiveKey(key: string): void {
  if (typeof key === 'string' && isArchiveKey(key)) return
  throw new TypeError(
    `An archive key is 1 to 200 letters, digits, '_', '.' or '-', begins with a letter, digit or '_' and does not end in '.json', ` +
      `received ${JSON.stringify(key)}`,
  )
}

export function assertArchiveBody(body: Uint8Array): void {
  if (!(body instanceof Uint8Array)) throw new TypeError(`An archive body is a Uint8Array, received ${typeof body}`)
  if (body.length === 0) throw new TypeError('An archive body has at least one byte, received none')
}

/**
 * The run numbers among keys, ascending. A key counts when it is the plain decimal form of a safe integer, so that `String(run)` is the key again;
 * `null` (a version without a key on a server), `007`, `1e3` and words do not.
 *
 * @example runNumbersOf(['11980', 'note', '007', '9']) // [9, 11980]
 */
export function runNumbersOf(keys: Iterable<string | null>): number[] {
  const runs = new Set<number>()
  for (const key of keys) {
    if (key !== null && RUN_NUMBER.test(key) && Number.isSafeInteger(Number(key))) runs.add(Number(key))
  }
  return [...runs].sort((a, b) => a - b)
}

export function inCodePointOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
