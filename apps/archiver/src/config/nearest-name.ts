import { closest, distance } from 'fastest-levenshtein'

/** The known name that a misspelt one was probably meant to be. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const nearest = closest(
    name.toLowerCase(),
    known.map((candidate) => candidate.toLowerCase()),
  )
  const match = known.find((candidate) => candidate.toLowerCase() === nearest)
  return match !== undefined && distance(name.toLowerCase(), nearest) <= Math.max(2, Math.floor(name.length / 2))
    ? match
    : undefined
}
