import { trim } from './run-record-text.js'

/** Digits with at most one dot; a lone dot counts, signs and exponents do not. */
export function isPlainNumber(value: string): boolean {
  return /^[0-9.]+$/.test(value) && value.indexOf('.') === value.lastIndexOf('.')
}

/**
 * Makes a FHiCL value of free text: what is already in double quotes or brackets, and numbers, stay as they are;
 * everything else is put in double quotes. Backslashes are not touched.
 */
export function quoteValue(text: string): string {
  const value = trim(text)
  if (value.startsWith('"') && value.endsWith('"')) return value
  if (value.startsWith('[') && value.endsWith(']')) return value
  return isPlainNumber(value) ? value : `"${value.replaceAll('"', '\\"')}"`
}

/** A sequence of the items in double quotes, nothing escaped. */
export function quotedSequence(items: readonly string[]): string {
  return items.length === 0 ? '[]' : `["${items.join('", "')}"]`
}
