import { FhiclDocumentError } from './errors.js'
import type { FhiclDocument, FhiclEntry, FhiclNode, FhiclScalar, FhiclSequence, FhiclTable } from './fhicl-document.js'
import { isInclude, maxFhiclDepth } from './fhicl-document.js'
import { plainNumbers } from './plain-numbers.js'

/**
 * Writes a document as the run database exports it: every definition has a line above it, which is blank or its
 * comment; scalars and sequences are followed by a blank and their annotation; nothing is indented. A document
 * without definitions gives the empty text. Text written once usually reads and writes unchanged ever after; the
 * exceptions are strings that break the comment rules, see {@link readFhicl}.
 *
 * Throws {@link FhiclDocumentError} when the document is nested too deeply.
 *
 * @example
 * writeFhicl(readFhicl('a: [1,2]\n')) // '\na: [1, 2] \n'
 */
export function writeFhicl(document: FhiclDocument): string {
  const main = entriesText(document.main, 0)
  return document.prolog.length === 0 ? main : `BEGIN_PROLOG\n${entriesText(document.prolog, 0)}\nEND_PROLOG\n${main}`
}

function entriesText(entries: readonly FhiclEntry[], depth: number): string {
  let text = ''
  for (const entry of entries) {
    const { key, value } = entry
    if (isInclude(entry)) {
      text += ` \n#include ${includeName(value as FhiclScalar)} \n`
      continue
    }
    text += `${value.comment}\n${key}${value.protection === undefined ? '' : ` ${value.protection}`}: `
    text += value.kind === 'table' ? tableText(value, depth) : `${valueText(value, depth)} ${value.annotation}\n`
  }
  return text
}

function valueText(node: FhiclNode, depth: number): string {
  switch (node.kind) {
    case 'table':
      return tableText(node, depth)
    case 'sequence':
      return sequenceText(node, depth)
    default:
      return scalarText(node)
  }
}

function tableText(table: FhiclTable, depth: number): string {
  requireDepth(depth)
  return `{\n${entriesText(table.entries, depth + 1)}\n}`
}

function sequenceText(sequence: FhiclSequence, depth: number): string {
  requireDepth(depth)
  const numbers = plainNumbers(sequence)
  if (numbers !== undefined) return `[${numbers.join(', ')}]`
  let text = '['
  let separator = ''
  for (const element of sequence.elements) {
    text += separator + valueText(element, depth + 1)
    if (element.kind === 'sequence') text += ` ${element.annotation}\n`
    separator = ', '
  }
  return `${text}]`
}

function scalarText(scalar: FhiclScalar): string {
  switch (scalar.kind) {
    case 'string_doublequoted':
      return `"${scalar.text}"`
    case 'string_singlequoted':
      return `'${scalar.text}'`
    default:
      return scalar.text
  }
}

/** Names are written in double quotes, unless that would end them too early. */
function includeName({ text }: FhiclScalar): string {
  return /(?:^|[^\\])"/.test(text) ? `'${text}'` : `"${text}"`
}

function requireDepth(depth: number): void {
  if (depth < maxFhiclDepth) return
  throw new FhiclDocumentError(
    'FHiCL document',
    '',
    `has more than ${maxFhiclDepth} tables and sequences inside each other`,
  )
}
