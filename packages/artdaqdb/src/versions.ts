const PARTS = /\d+|\D+/g
const DIGITS = /^\d/

/**
 * Orders versions of one configuration: parts of digits by their value, everything else byte by byte, and a version before those that add
 * to it, so `F` < `Fv1` < `Fv9` < `Fv10`. (The original compares bytes and takes v9 for the newer one.)
 *
 * @example ['Fv10', 'F', 'Fv9'].sort(compareVersions) // ['F', 'Fv9', 'Fv10']
 */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0
  const partsA = a.match(PARTS) ?? []
  const partsB = b.match(PARTS) ?? []
  for (let at = 0; at < Math.min(partsA.length, partsB.length); at += 1) {
    const order = compareParts(partsA[at] ?? '', partsB[at] ?? '')
    if (order !== 0) return order
  }
  return partsA.length - partsB.length || (a < b ? -1 : 1)
}

function compareParts(a: string, b: string): number {
  if (DIGITS.test(a) && DIGITS.test(b)) {
    const valueA = a.replace(/^0+/, '')
    const valueB = b.replace(/^0+/, '')
    if (valueA.length !== valueB.length) return valueA.length - valueB.length
    return compareText(valueA, valueB)
  }
  return compareText(a, b)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
