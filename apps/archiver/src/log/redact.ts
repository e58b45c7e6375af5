const HIDDEN = '***'

/** Credentials that can be told by where they stand, also those that no configuration names. */
const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // `user:password` is what our own messages write where credentials go.
  [/\b([a-z][a-z0-9+.-]*:\/\/)(?!user:password@)[^\s/'"<>]*@/gi, `$1${HIDDEN}@`],
  [/\b((?:proxy-)?authorization["']?\s*[:=]\s*)(["'])(?:(?!\2).)*\2/gi, `$1$2${HIDDEN}$2`],
  [/\b((?:proxy-)?authorization\s*[:=]\s*)(?!["'\s]).+/gi, `$1${HIDDEN}`],
  [/\b(bearer|basic)\s+(?=[\w.~+/-]*[0-9=_])[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [/([?&;,\s](?:password|passwd|pwd|secret|(?:access_|bot_)?token|api_?key)=)[^\s&;,'"]+/gi, `$1${HIDDEN}`],
  [/\bxox[a-z]-[\w-]+/gi, HIDDEN],
]

/**
 * Takes credentials out of texts: the values it was told, in the forms in which they travel, and whatever stands where credentials stand.
 * Values that are too like other text to be replaced everywhere (under four characters, or under eight that are all digits) are only found by
 * where they stand.
 */
export class Redactor {
  readonly #values = new Set<string>()
  #known: RegExp | undefined

  learn(values: Iterable<string>): void {
    for (const value of values) for (const form of formsOf(value)) if (isTelling(form)) this.#values.add(form)
    if (this.#values.size === 0) return
    const longestFirst = [...this.#values].sort((one, other) => other.length - one.length)
    this.#known = new RegExp(longestFirst.map((value) => value.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g')
  }

  redact(text: string): string {
    const known = this.#known === undefined ? text : text.replace(this.#known, HIDDEN)
    return PATTERNS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), known)
  }

  /** A copy of data for JSON in which every text is redacted; names of fields and numbers are left. */
  redactDocument<T>(value: T): T {
    return this.#copy(value) as T
  }

  #copy(value: unknown): unknown {
    if (typeof value === 'string') return this.redact(value)
    if (Array.isArray(value)) return value.map((item) => this.#copy(item))
    if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, this.#copy(field)]))
  }
}

function formsOf(value: string): string[] {
  return [value, encodeURIComponent(value.toWellFormed()), JSON.stringify(value).slice(1, -1), toBase64(value)]
}

function toBase64(value: string): string {
  return Buffer.from(value).toString('base64')
}

function isTelling(value: string): boolean {
  return value.length >= (/^\d+$/.test(value) ? 8 : 4)
}
