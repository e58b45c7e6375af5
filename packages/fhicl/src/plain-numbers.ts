import type { FhiclNode, FhiclScalar } from './fhicl-document.js'

/** True for a number without comments and protection. */
export function isPlainNumber(node: FhiclNode): node is FhiclScalar & { readonly kind: 'number' } {
  return node.kind === 'number' && node.comment === '' && node.annotation === '' && node.protection === undefined
}

/** The spelling of the elements when all are numbers without comments, as in tables of channels; such lists are written as a whole. */
export function plainNumbers(elements: readonly FhiclNode[]): readonly string[] | undefined {
  const texts: string[] = []
  for (const element of elements) {
    if (!isPlainNumber(element)) return undefined
    texts.push(element.text)
  }
  return texts.length === 0 ? undefined : texts
}
