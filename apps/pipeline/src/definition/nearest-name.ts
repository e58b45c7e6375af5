import { closest, distance } from 'fastest-levenshtein'

/** `; did you mean 'name'?` for the known name that was probably meant, or nothing. */
export function suggestName(name: string, known: readonly string[]): string {
  if (known.length === 0) return ''
  const nearest = closest(name, known)
  return distance(name, nearest) <= Math.max(2, Math.floor(name.length / 2)) ? `; did you mean '${nearest}'?` : ''
}
