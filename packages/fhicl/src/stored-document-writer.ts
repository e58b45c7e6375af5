import type { JsonMember } from './database-json.js'
import { FhiclDocumentError } from './errors.js'
import type { FhiclDocument, FhiclEntry, FhiclNode } from './fhicl-document.js'
import { maxFhiclDepth } from './fhicl-document.js'
import { quoteJson, stringifyJsonValue } from './json-writer.js'

/**
 * Writes the whole text of a stored document: `document` and `comments` made from the FHiCL document, then the given
 * members. Gives the same text as {@link documentToJson} followed by `stringifyDatabaseJson`, several times faster,
 * because the objects in between are not built.
 *
 * @example
 * stringifyStoredDocument(readFhicl(text), [{ key: 'version', value: '7/standard' }])
 */
export function stringifyStoredDocument(document: FhiclDocument, members: readonly JsonMember[]): string {
  let text = `{\n"document" : ${documentText(document)},\n"comments" : ${commentsText(document)}`
  for (const { key, value } of members) text += `,\n${quoteJson(key)} : ${stringifyJsonValue(value)}`
  return `${text}\n}`
}

function documentText({ prolog, main }: FhiclDocument): string {
  const data = `{\n"prolog" : ${dataOfEntries(prolog, 0)},\n"main" : ${dataOfEntries(main, 0)}\n}`
  const metadata = `{\n"prolog" : ${section('#prolog', prolog)},\n"main" : ${section('#main', main)}\n}`
  return `{\n"data" : ${data},\n"metadata" : ${metadata},\n"search" : [\n\n]\n}`
}

function section(comment: string, entries: readonly FhiclEntry[]): string {
  return `{\n"type" : "table",\n"comment" : "${comment}",\n"children" : ${metadataOfEntries(entries)}\n}`
}

function dataOfEntries(entries: readonly FhiclEntry[], depth: number): string {
  let text = '{\n'
  let separator = ''
  for (const { key, value } of entries) {
    text += `${separator + quoteJson(key)} : ${dataOfNode(value, depth)}`
    separator = ',\n'
  }
  return `${text}\n}`
}

function dataOfNode(node: FhiclNode, depth: number): string {
  if (node.kind !== 'sequence' && node.kind !== 'table') return quoteJson(node.text)
  if (depth >= maxFhiclDepth) {
    throw new FhiclDocumentError(
      'FHiCL document',
      '',
      `has more than ${maxFhiclDepth} tables and sequences inside each other`,
    )
  }
  if (node.kind === 'table') return dataOfEntries(node.entries, depth + 1)
  let text = '[\n'
  let separator = ''
  for (const element of node.elements) {
    text += separator + dataOfNode(element, depth + 1)
    separator = ',\n'
  }
  return `${text}\n]`
}

function metadataOfEntries(entries: readonly FhiclEntry[]): string {
  let text = '{\n'
  let separator = ''
  for (const { key, value } of entries) {
    text += `${separator + quoteJson(key)} : ${metadataOfNode(value)}`
    separator = ',\n'
  }
  return `${text}\n}`
}

function metadataOfNode(node: FhiclNode): string {
  let text = `{\n"type" : "${node.kind}",\n"comment" : ${quoteJson(node.comment)}`
  if (node.kind !== 'table') text += `,\n"annotation" : ${quoteJson(node.annotation)}`
  if (node.protection !== undefined) text += `,\n"protection" : "${node.protection}"`
  if (node.kind === 'table') text += `,\n"children" : ${metadataOfEntries(node.entries)}`
  else if (node.kind === 'sequence') text += `,\n"children" : ${metadataOfElements(node.elements)}`
  return `${text}\n}`
}

function metadataOfElements(elements: readonly FhiclNode[]): string {
  let text = '{\n'
  let separator = ''
  let index = 0
  for (const element of elements) {
    text += `${separator}"${index++}" : ${metadataOfNode(element)}`
    separator = ',\n'
  }
  return `${text}\n}`
}

function commentsText({ comments }: FhiclDocument): string {
  if (comments.length === 0) return '[\n{\n"linenum" : 0,\n"value" : "No comments"\n}\n]'
  let text = '[\n'
  let separator = ''
  for (const comment of comments) {
    text += `${separator}{\n"linenum" : ${comment.line},\n"value" : ${quoteJson(comment.text)}\n}`
    separator = ',\n'
  }
  return `${text}\n]`
}
