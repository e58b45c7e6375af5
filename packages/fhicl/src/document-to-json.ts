import type { JsonArray, JsonMember, JsonObject, JsonValue } from './database-json.js'
import { jsonObject } from './database-json.js'
import { FhiclDocumentError } from './errors.js'
import type { FhiclDocument, FhiclEntry, FhiclNode } from './fhicl-document.js'
import { maxFhiclDepth } from './fhicl-document.js'

/** The two members of a stored document that come from its FHiCL text. */
export interface DatabaseParts {
  /** `data`, `metadata` and the empty `search`. */
  readonly document: JsonObject
  /** `{linenum, value}` for each comment; a single `No comments` at line 0 when there is none. */
  readonly comments: JsonArray
}

/**
 * Turns a document into what the database stores of it. {@link documentFromJson} is the way back.
 *
 * Throws {@link FhiclDocumentError} when the document is nested too deeply.
 */
export function documentToJson(document: FhiclDocument): DatabaseParts {
  const data = jsonObject([
    ['prolog', dataOf(document.prolog, 0)],
    ['main', dataOf(document.main, 0)],
  ])
  const metadata = jsonObject([
    ['prolog', sectionMetadata('#prolog', document.prolog)],
    ['main', sectionMetadata('#main', document.main)],
  ])
  return {
    document: jsonObject([
      ['data', data],
      ['metadata', metadata],
      ['search', []],
    ]),
    comments: commentsOf(document),
  }
}

function sectionMetadata(comment: string, entries: readonly FhiclEntry[]): JsonObject {
  return jsonObject([
    ['type', 'table'],
    ['comment', comment],
    ['children', metadataOfEntries(entries, 0)],
  ])
}

function dataOf(entries: readonly FhiclEntry[], depth: number): JsonObject {
  return { members: entries.map(({ key, value }) => ({ key, value: dataOfNode(value, depth) })) }
}

function dataOfNode(node: FhiclNode, depth: number): JsonValue {
  if (node.kind !== 'sequence' && node.kind !== 'table') return node.text
  requireDepth(depth)
  return node.kind === 'table'
    ? dataOf(node.entries, depth + 1)
    : node.elements.map((element) => dataOfNode(element, depth + 1))
}

function metadataOfEntries(entries: readonly FhiclEntry[], depth: number): JsonObject {
  return { members: entries.map(({ key, value }) => ({ key, value: metadataOfNode(value, depth) })) }
}

function metadataOfNode(node: FhiclNode, depth: number): JsonObject {
  const members: JsonMember[] = [
    { key: 'type', value: node.kind },
    { key: 'comment', value: node.comment },
  ]
  if (node.kind !== 'table') members.push({ key: 'annotation', value: node.annotation })
  if (node.protection !== undefined) members.push({ key: 'protection', value: node.protection })
  if (node.kind === 'table') {
    members.push({ key: 'children', value: metadataOfEntries(node.entries, depth + 1) })
  } else if (node.kind === 'sequence') {
    const children = node.elements.map((element, index) => ({
      key: String(index),
      value: metadataOfNode(element, depth + 1),
    }))
    members.push({ key: 'children', value: { members: children } })
  }
  return { members }
}

function commentsOf({ comments }: FhiclDocument): JsonArray {
  const found = comments.length === 0 ? [{ line: 0, text: 'No comments' }] : comments
  return found.map(({ line, text }) =>
    jsonObject([
      ['linenum', line],
      ['value', text],
    ]),
  )
}

function requireDepth(depth: number): void {
  if (depth < maxFhiclDepth) return
  throw new FhiclDocumentError(
    'FHiCL document',
    '',
    `has more than ${maxFhiclDepth} tables and sequences inside each other`,
  )
}
