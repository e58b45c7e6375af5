import { type DocumentFromJsonOptions, documentFromJson, isScalarKind } from './document-from-json.js'
import { writeFhicl } from './fhicl-writer.js'
import { decodeDatabaseText, parseDatabaseJson } from './json-reader.js'
import { decodeJsonString, isEscapedQuote } from './json-string.js'
import { plainNumberMetadata } from './number-metadata.js'

/**
 * The FHiCL text of a whole stored document, as the database exports it. Gives the same text, and throws the same errors, as
 * {@link parseDatabaseJson}, {@link documentFromJson} and {@link writeFhicl} one after the other; many times faster when the document is laid
 * out as the database and `stringifyStoredDocument` write it, because nothing is built in between.
 *
 * @example
 * const text = exportStoredDocument(await readFile(path), { source: path })
 */
export function exportStoredDocument(input: string | Uint8Array, options: DocumentFromJsonOptions = {}): string {
  const { source = 'stored document' } = options
  const text = typeof input === 'string' ? input : decodeDatabaseText(input, source)
  return (
    exportUsualLayout(text, source) ?? writeFhicl(documentFromJson(parseDatabaseJson(text, { source }), { source }))
  )
}

const dataStart = '{\n"document" : {\n"data" : {\n"prolog" : {\n\n},\n"main" : '
const metadataStart =
  '\n},\n"metadata" : {\n"prolog" : {\n"type" : "table",\n"comment" : "#prolog",\n"children" : {\n\n}\n},\n"main" : {\n"type" : "table",\n"comment" : "#main",\n"children" : '
const documentEnd = '\n}\n},\n"search" : [\n\n]\n},\n'

function exportUsualLayout(text: string, source: string): string | undefined {
  const metadata = text.indexOf(metadataStart)
  if (metadata < 0 || !text.startsWith(dataStart)) return undefined
  try {
    const reader = new UsualLayoutReader(text, dataStart.length, metadata + metadataStart.length)
    const main = reader.entries(0)
    if (reader.data !== metadata || !text.startsWith(documentEnd, reader.metadata)) return undefined
    const end = reader.metadata + documentEnd.length
    // Behind a comma the object may not end.
    if (text.charCodeAt(end) !== 0x22) return undefined
    parseDatabaseJson(`{${text.slice(end)}`, { source })
    return main
  } catch {
    // Whatever is wrong, the reader that takes every layout tells it better.
    return undefined
  }
}

const deepest = 100
const unusual = new Error('The text is laid out in another way')

interface ExportedNode {
  readonly kind: string
  readonly value: string
  readonly comment: string
  readonly annotation: string
  readonly protection: string
}

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

  entries(depth: number): string {
    let exported = ''
    if (depth > deepest) throw unusual
    this.inData('{\n')
    this.inMetadata('{\n')
    for (let members = 0; !this.isClosed('\n}', members); members += 1) {
      const start = this.data
      const key = this.dataString()
      // Such an entry may stand for a line of another form.
      if (key.startsWith('fhicl_pound_include_')) throw unusual
      // The same spelling is the same key.
      this.inMetadata(this.text.slice(start, this.data))
      this.inData(' : ')
      this.inMetadata(' : ')
      const { kind, value, comment, annotation, protection } = this.node(depth)
      exported += `${comment}\n${key}${protection === '' ? '' : ` ${protection}`}: ${value}`
      if (kind !== 'table') exported += ` ${annotation}\n`
    }
    return exported
  }

  private node(depth: number): ExportedNode {
    this.inMetadata('{\n"type" : ')
    const kind = this.metadataString()
    this.inMetadata(',\n"comment" : ')
    const comment = this.metadataString()
    let annotation = ''
    if (kind !== 'table') {
      this.inMetadata(',\n"annotation" : ')
      annotation = this.metadataString()
    }
    const protection = this.protection()
    if (kind === 'table' || kind === 'sequence') this.inMetadata(',\n"children" : ')
    const value = this.value(kind, depth)
    this.inMetadata('\n}')
    return { kind, value, comment, annotation, protection }
  }

  private value(kind: string, depth: number): string {
    if (kind === 'table') return `{\n${this.entries(depth + 1)}\n}`
    if (kind === 'sequence') return `[${this.numbers() ?? this.elements(depth + 1)}]`
    if (!isScalarKind(kind)) throw unusual
    const text = this.dataString()
    if (kind === 'string_doublequoted') return `"${text}"`
    return kind === 'string_singlequoted' ? `'${text}'` : text
  }

  private elements(depth: number): string {
    let exported = ''
    if (depth > deepest) throw unusual
    this.inData('[\n')
    this.inMetadata('{\n')
    for (let members = 0; !this.isClosed('\n]', members); members += 1) {
      this.inMetadata(`"${members}" : `)
      const { kind, value, annotation } = this.node(depth)
      exported += `${members > 0 ? ', ' : ''}${value}`
      if (kind === 'sequence') exported += ` ${annotation}\n`
    }
    return exported
  }

  /** A list of nothing but numbers without comments, whose metadata depends only on how many there are. */
  private numbers(): string | undefined {
    const { text, data, metadata } = this
    const end = text.indexOf('\n]', data)
    if (!text.startsWith('[\n"', data) || text.charCodeAt(end - 1) !== 0x22 || end - data < 5) return undefined
    const written = text.slice(data + 3, end - 1)
    const exported = written.replaceAll('",\n"', ', ')
    if (exported.includes('"') || exported.includes('\\')) return undefined
    const expected = plainNumberMetadata((written.length - exported.length) / 2 + 1)
    if (expected === undefined || !text.startsWith(expected, metadata + 2)) return undefined
    this.inMetadata('{\n')
    this.metadata += expected.length
    this.inMetadata('\n}')
    this.data = end + 2
    return exported
  }

  /** Empty when there is none. */
  private protection(): string {
    if (!this.text.startsWith(',\n"protection" : ', this.metadata)) return ''
    this.inMetadata(',\n"protection" : ')
    const protection = this.metadataString()
    if (protection !== '@protect_ignore' && protection !== '@protect_error') throw unusual
    return protection
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
