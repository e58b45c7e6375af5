import { getMember } from './database-json.js'
import { commentsOf, type DocumentFromJsonOptions, documentFromJson, isScalarKind } from './document-from-json.js'
import type { FhiclDocument, FhiclEntry, FhiclNode, FhiclProtection } from './fhicl-document.js'
import { decodeDatabaseText, parseDatabaseJson } from './json-reader.js'
import { decodeJsonString, isEscapedQuote } from './json-string.js'
import { plainNumberMetadata } from './number-metadata.js'

/**
 * Reads the FHiCL document out of the text of a whole stored document. Gives the same document, and throws the same errors, as
 * {@link parseDatabaseJson} followed by {@link documentFromJson}; several times faster when the text is laid out as the database and
 * `stringifyStoredDocument` write it.
 *
 * @example
 * writeFhicl(readStoredDocument(await readFile(path), { source: path }))
 */
export function readStoredDocument(input: string | Uint8Array, options: DocumentFromJsonOptions = {}): FhiclDocument {
  const { source = 'stored document' } = options
  const text = typeof input === 'string' ? input : decodeDatabaseText(input, source)
  return readUsualLayout(text, source) ?? documentFromJson(parseDatabaseJson(text, { source }), { source })
}

const dataStart = '{\n"document" : {\n"data" : {\n"prolog" : {\n\n},\n"main" : '
const metadataStart =
  '\n},\n"metadata" : {\n"prolog" : {\n"type" : "table",\n"comment" : "#prolog",\n"children" : {\n\n}\n},\n"main" : {\n"type" : "table",\n"comment" : "#main",\n"children" : '
const documentEnd = '\n}\n},\n"search" : [\n\n]\n},\n'

function readUsualLayout(text: string, source: string): FhiclDocument | undefined {
  const metadata = text.indexOf(metadataStart)
  if (metadata < 0 || !text.startsWith(dataStart)) return undefined
  try {
    const reader = new UsualLayoutReader(text, dataStart.length, metadata + metadataStart.length)
    const main = reader.entries(0)
    if (reader.data !== metadata || !text.startsWith(documentEnd, reader.metadata)) return undefined
    const end = reader.metadata + documentEnd.length
    // Behind a comma the object may not end.
    if (text.charCodeAt(end) !== 0x22) return undefined
    const rest = parseDatabaseJson(`{${text.slice(end)}`, { source })
    return { prolog: [], main, comments: commentsOf(getMember(rest, 'comments')) }
  } catch {
    // Whatever is wrong, the reader that takes every layout tells it better.
    return undefined
  }
}

const deepest = 100
const unusual = new Error('The text is laid out in another way')

/** Follows a value and its metadata, which stand in two places, at the same time. Anything unexpected is thrown. */
class UsualLayoutReader {
  data: number
  metadata: number
  private readonly text: string

  constructor(text: string, data: number, metadata: number) {
    this.text = text
    this.data = data
    this.metadata = metadata
  }

  entries(depth: number): FhiclEntry[] {
    const entries: FhiclEntry[] = []
    if (depth > deepest) throw unusual
    this.inData('{\n')
    this.inMetadata('{\n')
    while (!this.isClosed('\n}', entries.length)) {
      const start = this.data
      const key = this.dataString()
      // The same spelling is the same key.
      this.inMetadata(this.text.slice(start, this.data))
      this.inData(' : ')
      this.inMetadata(' : ')
      entries.push({ key, value: this.node(depth) })
    }
    return entries
  }

  private node(depth: number): FhiclNode {
    this.inMetadata('{\n"type" : ')
    const kind = this.metadataString()
    this.inMetadata(',\n"comment" : ')
    const comment = this.metadataString()
    if (kind === 'table') {
      const protection = this.protection()
      this.inMetadata(',\n"children" : ')
      const entries = this.entries(depth + 1)
      this.inMetadata('\n}')
      return { kind, entries, comment, ...protection }
    }
    this.inMetadata(',\n"annotation" : ')
    const annotation = this.metadataString()
    const protection = this.protection()
    if (kind === 'sequence') {
      this.inMetadata(',\n"children" : ')
      const elements = this.numbers() ?? this.elements(depth + 1)
      this.inMetadata('\n}')
      return { kind, elements, comment, annotation, ...protection }
    }
    if (!isScalarKind(kind)) throw unusual
    this.inMetadata('\n}')
    return { kind, text: this.dataString(), comment, annotation, ...protection }
  }

  private elements(depth: number): FhiclNode[] {
    const elements: FhiclNode[] = []
    if (depth > deepest) throw unusual
    this.inData('[\n')
    this.inMetadata('{\n')
    while (!this.isClosed('\n]', elements.length)) {
      this.inMetadata(`"${elements.length}" : `)
      elements.push(this.node(depth))
    }
    return elements
  }

  /** A list of nothing but numbers without comments, whose metadata depends only on how many there are. */
  private numbers(): FhiclNode[] | undefined {
    const { text, data, metadata } = this
    const end = text.indexOf('\n]', data)
    if (!text.startsWith('[\n"', data) || text.charCodeAt(end - 1) !== 0x22 || end - data < 5) return undefined
    const spellings = text.slice(data + 3, end - 1).split('",\n"')
    const expected = plainNumberMetadata(spellings.length)
    if (expected === undefined || !text.startsWith(expected, metadata + 2)) return undefined
    for (const spelling of spellings) if (spelling.includes('"') || spelling.includes('\\')) return undefined
    this.inMetadata('{\n')
    this.metadata += expected.length
    this.inMetadata('\n}')
    this.data = end + 2
    return spellings.map((spelling) => ({ kind: 'number', text: spelling, comment: '', annotation: '' }))
  }

  private protection(): { readonly protection?: FhiclProtection } {
    if (!this.text.startsWith(',\n"protection" : ', this.metadata)) return {}
    this.inMetadata(',\n"protection" : ')
    const protection = this.metadataString()
    if (protection !== '@protect_ignore' && protection !== '@protect_error') throw unusual
    return { protection }
  }

  /** Moves behind the closing brackets, or to the next member. */
  private isClosed(closing: string, members: number): boolean {
    if (this.text.startsWith(closing, this.data)) {
      this.inData(closing)
      this.inMetadata('\n}')
      return true
    }
    if (members > 0) {
      this.inData(',\n')
      this.inMetadata(',\n')
    }
    return false
  }

  private inData(expected: string): void {
    if (!this.text.startsWith(expected, this.data)) throw unusual
    this.data += expected.length
  }

  private inMetadata(expected: string): void {
    if (!this.text.startsWith(expected, this.metadata)) throw unusual
    this.metadata += expected.length
  }

  private dataString(): string {
    const end = this.stringEnd(this.data)
    const content = this.content(this.data, end)
    this.data = end
    return content
  }

  private metadataString(): string {
    const end = this.stringEnd(this.metadata)
    const content = this.content(this.metadata, end)
    this.metadata = end
    return content
  }

  private stringEnd(start: number): number {
    const { text } = this
    if (text.charCodeAt(start) !== 0x22) throw unusual
    let end = text.indexOf('"', start + 1)
    while (end > 0 && isEscapedQuote(text, start + 1, end)) end = text.indexOf('"', end + 1)
    if (end < 0) throw unusual
    return end + 1
  }

  private content(start: number, end: number): string {
    const content = this.text.slice(start + 1, end - 1)
    return content.includes('\\') ? decodeJsonString(content, () => unusual) : content
  }
}
