import type { Selector } from './paging.js'

/** For servers that give out only so many matches of one request: a window with more is asked for in parts, by prefixes of some field. */
export interface NarrowingOptions {
  /** More matches than this are narrowed. */
  readonly limit: number
  /** Where the first page tells all matches. */
  readonly total: Selector<number>
  /** What a prefix is made longer by; together with the prefix they must match everything that the prefix matches. @default the ten digits */
  readonly alphabet?: readonly string[] | undefined
  /** Longest prefix; more matches than `limit` even then are an error. */
  readonly maxLength: number
}

const DIGITS: readonly string[] = [...'0123456789']

export function narrower({ alphabet = DIGITS }: NarrowingOptions, prefix: string): string[] {
  return alphabet.map((each) => prefix + each)
}

export function checkNarrowing(options: NarrowingOptions): NarrowingOptions {
  const { limit, maxLength, alphabet = DIGITS } = options
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`limit must be a whole number from 1, not ${limit}`)
  if (!Number.isInteger(maxLength) || maxLength < 1) {
    throw new RangeError(`maxLength must be a whole number from 1, not ${maxLength}`)
  }
  if (alphabet.length === 0 || alphabet.includes('') || new Set(alphabet).size < alphabet.length) {
    throw new RangeError('alphabet must be different texts that are not empty')
  }
  return options
}
