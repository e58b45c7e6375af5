import { isDigit } from './character-class.js'
import type { FhiclNode, FhiclScalar, FhiclSequence } from './fhicl-document.js'

/** True for a number without comments and protection. */
function isPlainNumber(node: FhiclNode): node is FhiclScalar & { readonly kind: 'number' } {
  return node.kind === 'number' && node.comment === '' && node.annotation === '' && node.protection === undefined
}

/** The spelling of the elements when all are numbers without comments, as in tables of channels; such lists are written as a whole. */
export function plainNumbers(sequence: FhiclSequence): readonly string[] | undefined {
  if (spellings in sequence) return (sequence as NumberSequence)[spellings]
  const texts: string[] = []
  for (const element of sequence.elements) {
    if (!isPlainNumber(element)) return undefined
    texts.push(element.text)
  }
  return texts.length === 0 ? undefined : texts
}

const spellings: unique symbol = Symbol('spellings')

interface NumberSequence extends FhiclSequence {
  readonly [spellings]: readonly string[]
}

/** A sequence of numbers without comments. The elements are only made when somebody looks at them one by one; most lists are written on as they are. */
export function numberSequence(texts: readonly string[], comment: string, annotation: string): FhiclSequence {
  let made: readonly FhiclNode[] | undefined
  const sequence: FhiclSequence = {
    kind: 'sequence',
    get elements() {
      made ??= texts.map((text) => ({ kind: 'number', text, comment: '', annotation: '' }))
      return made
    },
    comment,
    annotation,
  }
  // Not to be seen where the document is compared or listed.
  return Object.defineProperty(sequence, spellings, { value: texts })
}

/** Whole numbers in brackets, found without looking at comments. */
export interface NumberList {
  readonly texts: readonly string[]
  /** Lines from the opening bracket to the first number, to the last one and to the closing bracket. */
  readonly firstLine: number
  readonly lastLine: number
  readonly lines: number
  /** Behind the closing bracket. */
  readonly end: number
}

/** Reads `[1, 2, -3]` at an offset; undefined when anything but whole numbers, commas, blanks and line ends is in it. */
export function numberListAt(text: string, start: number): NumberList | undefined {
  const texts: string[] = []
  let line = 0
  let firstLine = 0
  let at = start + 1
  for (;;) {
    let code = text.charCodeAt(at)
    for (; code === 0x20 || code === 0x0a; code = text.charCodeAt(++at)) if (code === 0x0a) line++
    const first = at
    if (code === 0x2d) code = text.charCodeAt(++at)
    const digits = at
    while (isDigit(code)) code = text.charCodeAt(++at)
    if (at === digits) return undefined
    if (texts.length === 0) firstLine = line
    const lastLine = line
    texts.push(text.slice(first, at))
    for (; code === 0x20 || code === 0x0a; code = text.charCodeAt(++at)) if (code === 0x0a) line++
    if (code === 0x5d) return { texts, firstLine, lastLine, lines: line, end: at + 1 }
    if (code !== 0x2c) return undefined
    at++
  }
}
