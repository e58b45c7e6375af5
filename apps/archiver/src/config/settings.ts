/** Building blocks of the configuration schema: each accepts what YAML or an expanded `${…}` (always text) may give and says what it expected. */
import { z } from 'zod'

export type Setting<T> = z.ZodType<T, unknown>

function setting<T>(
  expected: string,
  parse: (value: unknown) => T | undefined,
  show: (value: unknown) => string = quote,
): Setting<T> {
  return z.unknown().transform((value, context): T => {
    const parsed = value === undefined || value === null ? undefined : parse(value)
    if (parsed !== undefined) return parsed
    const found = value === undefined || value === null ? 'it is missing' : `found ${show(value)}`
    context.issues.push({ code: 'custom', input: value, message: `expected ${expected}, ${found}` })
    return z.NEVER
  })
}

/** Replaces a missing (or null) value. */
export function withDefault<T>(inner: Setting<T>, value: T): Setting<T> {
  return z.unknown().transform((input, context): T => {
    if (input === undefined || input === null) return value
    const result = inner.safeParse(input)
    if (result.success) return result.data
    context.issues.push(...result.error.issues.map((issue) => ({ ...issue, input }) as (typeof context.issues)[number]))
    return z.NEVER
  })
}

export function optional<T>(inner: Setting<T>): Setting<T | undefined> {
  return withDefault<T | undefined>(inner, undefined)
}

export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): Setting<number> {
  const expected =
    max === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`
  return setting(expected, (value) => {
    const number = toNumber(value)
    return number !== undefined && Number.isSafeInteger(number) && number >= min && number <= max ? number : undefined
  })
}

export function seconds(isAllowed: (value: number) => boolean, expected: string): Setting<number> {
  return setting(expected, (value) => {
    const number = toNumber(value)
    return number !== undefined && Number.isFinite(number) && isAllowed(number) ? number : undefined
  })
}

export function flag(): Setting<boolean> {
  return setting('true or false', (value) => {
    if (typeof value === 'boolean') return value
    const word = String(value).trim().toLowerCase()
    if (['true', 'yes', 'on', '1'].includes(word)) return true
    if (['false', 'no', 'off', '0'].includes(word)) return false
    return undefined
  })
}

export function text(expected = 'text'): Setting<string> {
  return setting(expected, (value) => {
    if (typeof value === 'number') return String(value)
    return typeof value === 'string' && value.trim() !== '' ? value : undefined
  })
}

/** Text, where an empty one means the same as none. */
export function textOrNothing(expected: string): Setting<string | undefined> {
  return z.unknown().transform((value, context): string | undefined => {
    if (typeof value === 'string' && value.trim() === '') return undefined
    const result = text(expected).safeParse(value)
    if (result.success) return result.data
    context.issues.push(
      ...result.error.issues.map((issue) => ({ ...issue, input: value }) as (typeof context.issues)[number]),
    )
    return z.NEVER
  })
}

/** Text whose value never appears in a message. A bare number is refused: YAML may already have changed its digits. */
export function secret(): Setting<string> {
  return setting(
    'text in quotes',
    (value) => (typeof value === 'string' && value !== '' ? value : undefined),
    (value) =>
      value === ''
        ? 'nothing'
        : `a ${Array.isArray(value) ? 'list' : typeof value === 'object' ? 'table' : typeof value}`,
  )
}

/** An address whose path or query may be a secret; it never appears in a message. */
export function secretUrl(): Setting<string> {
  return setting(
    'http://… or https://…',
    (value) => (typeof value === 'string' && /^https?:\/\/[^/]/.test(value) && URL.canParse(value) ? value : undefined),
    () => 'something else',
  )
}

/** HTTP headers by name. Values never appear in a message. */
export function headerTable(): Setting<Readonly<Record<string, string>>> {
  return setting(
    'a table of header names and texts in quotes',
    (value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
      const entries: [string, unknown][] = Object.entries(value)
      const headers: [string, string][] = []
      for (const [name, text] of entries) {
        if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || typeof text !== 'string' || !/^[\t\x20-\x7e]*$/.test(text))
          return undefined
        headers.push([name, text])
      }
      return Object.fromEntries(headers)
    },
    () => 'something else',
  )
}

export function oneOf<T extends string>(names: readonly T[]): Setting<T> {
  return setting(`one of ${names.join(', ')}`, (value) =>
    names.find((name) => name === String(value).trim().toUpperCase()),
  )
}

export function matching(pattern: RegExp, expected: string): Setting<string> {
  return setting(expected, (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined))
}

/** A table of names and texts, such as headers. Values never appear in messages. */
export function texts(namePattern: RegExp, expected: string): Setting<Readonly<Record<string, string>>> {
  return setting(
    expected,
    (value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
      const entries = Object.entries(value).map(([name, text]) => [name, String(text)] as const)
      const isFine = entries.every(([name, text]) => namePattern.test(name) && !/[\r\n\0]/.test(text))
      return isFine ? Object.fromEntries(entries) : undefined
    },
    (value) =>
      `a ${Array.isArray(value) ? 'list' : typeof value === 'object' ? 'table with other names or values' : typeof value}`,
  )
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
}
