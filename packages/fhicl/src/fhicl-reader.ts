import { bareTokenAt, numberAt } from './bare-token.js'
import { endsToken, isWordCharacter } from './character-class.js'
import { findComments } from './comment-map.js'
import { EntryList } from './entry-list.js'
import { FhiclCursor } from './fhicl-cursor.js'
import type { FhiclDocument, FhiclEntry, FhiclNode, FhiclScalarKind } from './fhicl-document.js'
import { maxFhiclDepth } from './fhicl-document.js'
import { readKey, readProtection } from './key-token.js'
import { LineComments } from './line-comments.js'
import { numberListAt, numberSequence } from './plain-numbers.js'
import { doubleQuotedAt, singleQuotedAt } from './quoted-string.js'
import { normalizeFhiclText } from './source-text.js'
import { explainBareValue, explainEntry, explainQuoted } from './syntax-hints.js'

export interface ReadFhiclOptions {
  /** Name used in errors, usually the file name. @default 'FHiCL text' */
  readonly source?: string
}

/**
 * Reads one FHiCL snippet as the run database does: nothing is included, resolved or converted; order, spelling and
 * duplicate top-level keys are kept. Line ends may be LF, CR LF or CR; a text without any character is refused.
 *
 * Throws {@link FhiclSyntaxError} for everything the database refuses.
 *
 * @example
 * const { main } = readFhicl('gain: 4 # set by hand\n', { source: 'tpc01.fcl' })
 * main[0] // { key: 'gain', value: { kind: 'number', text: '4', comment: '', annotation: '# set by hand' } }
 */
export function readFhicl(input: string | Uint8Array, options: ReadFhiclOptions = {}): FhiclDocument {
  const source = options.source ?? 'FHiCL text'
  const text = normalizeFhiclText(input, source)
  const cursor = new FhiclCursor(text, source)
  if (text === '') throw cursor.expected('at least one character', 'Remove the empty file or put a comment line in it')
  const comments = findComments(text)
  return { ...new SnippetReader(cursor, new LineComments(comments)).readDocument(), comments }
}

class SnippetReader {
  private readonly cursor: FhiclCursor
  private readonly text: string
  private readonly comments: LineComments
  private depth = 0
  private includes = 0

  constructor(cursor: FhiclCursor, comments: LineComments) {
    this.cursor = cursor
    this.text = cursor.text
    this.comments = comments
  }

  readDocument(): { prolog: readonly FhiclEntry[]; main: readonly FhiclEntry[] } {
    const { cursor, text } = this
    const prolog: FhiclEntry[] = []
    while (!cursor.skipToInclude() && text.startsWith('BEGIN_PROLOG', cursor.offset)) {
      const begin = cursor.offset
      cursor.offset += 'BEGIN_PROLOG'.length
      while (!this.atPrologEnd()) {
        if (cursor.offset >= text.length) throw cursor.expected('an END_PROLOG for this BEGIN_PROLOG', undefined, begin)
        prolog.push(this.readEntry(true))
      }
      cursor.offset += 'END_PROLOG'.length
    }
    const main: FhiclEntry[] = []
    while (cursor.skipToInclude() || cursor.offset < text.length) main.push(this.readEntry(true))
    return { prolog, main }
  }

  private atPrologEnd(): boolean {
    const { cursor, text } = this
    if (cursor.skipToInclude() || !text.startsWith('END_PROLOG', cursor.offset)) return false
    const { offset, line } = cursor
    cursor.offset += 'END_PROLOG'.length
    const isKey = isWordCharacter(text.charCodeAt(cursor.offset)) || readProtection(cursor) !== undefined
    cursor.offset = offset
    cursor.line = line
    return !isKey
  }

  /** Reads the definition at the cursor, which stands behind blanks. */
  private readEntry(dotted: boolean): FhiclEntry {
    const { cursor, text } = this
    const start = cursor.offset
    if (text.charCodeAt(start) === 0x23) return this.readInclude()
    const key = readKey(cursor, dotted)
    const protection = key === undefined ? undefined : readProtection(cursor)
    if (key === undefined || protection === undefined) throw explainEntry(cursor, start, key)
    cursor.skip()
    const valueStart = cursor.offset
    const value = this.readValue()
    if (protection === '') return { key, value }
    if (protection === '@protect_error') this.requireNoWeakerProtection(value, valueStart)
    return { key, value: { ...value, protection } }
  }

  private readInclude(): FhiclEntry {
    this.cursor.enterInclude()
    const key = `fhicl_pound_include_${this.includes++}`
    return { key, value: { ...this.readQuoted(), comment: '', annotation: '' } }
  }

  private readValue(): FhiclNode {
    switch (this.text.charCodeAt(this.cursor.offset)) {
      case 0x22:
      case 0x27:
        return this.readQuoted()
      case 0x5b:
        return this.readSequence()
      case 0x7b:
        return this.readTable()
      case 0x28:
        return this.readComplex()
      default:
        return this.readBare()
    }
  }

  private enter(): void {
    if (++this.depth <= maxFhiclDepth) return
    throw this.cursor.expected(`at most ${maxFhiclDepth} tables and sequences inside each other`)
  }

  private readBare(): FhiclNode {
    const { cursor, text } = this
    const start = cursor.offset
    const token = bareTokenAt(text, start)
    if (token === undefined) throw explainBareValue(cursor)
    cursor.offset = token.end
    return this.scalar(token.kind, text.slice(start, token.end), cursor.line)
  }

  private readQuoted(): ReturnType<SnippetReader['scalar']> {
    const { cursor, text } = this
    const { offset: start, line } = cursor
    const double = text.charCodeAt(start) === 0x22
    const string = double ? doubleQuotedAt(text, start) : singleQuotedAt(text, start)
    if ('problem' in string) throw explainQuoted(cursor, string)
    if (!endsToken('closed', text, string.end)) throw explainQuoted(cursor, { problem: 'joined', offset: string.end })
    cursor.moveTo(string.end)
    return this.scalar(
      double ? 'string_doublequoted' : 'string_singlequoted',
      text.slice(start + 1, string.end - 1),
      line,
    )
  }

  /** Kept in its own spelling; one that spans lines or holds a comment is written on one line. */
  private readComplex(): FhiclNode {
    const { cursor, text } = this
    const { offset: start, line } = cursor
    const parts: string[] = []
    for (const separator of [',', ')']) {
      cursor.offset++
      cursor.skip()
      const number = numberAt(text, cursor.offset)
      if (number === undefined) throw cursor.expected('a number', 'A complex number is written (1.5, -2)')
      parts.push(text.slice(cursor.offset, number.end))
      cursor.offset = number.end
      cursor.skip()
      if (text.charAt(cursor.offset) !== separator)
        throw cursor.expected(`"${separator}"`, 'A complex number is written (1.5, -2)')
    }
    cursor.offset++
    const raw = text.slice(start, cursor.offset)
    return this.scalar('complex', /[\n#/]/.test(raw) ? `(${parts.join(', ')})` : raw, line)
  }

  private readSequence(): FhiclNode {
    const { cursor, text } = this
    const { offset: start, line } = cursor
    const comment = this.comments.commentAbove(line)
    const annotation = this.comments.annotationOf(line)
    this.enter()
    const numbers = this.numberSequence(comment, annotation)
    if (numbers !== undefined) return numbers
    const elements: FhiclNode[] = []
    cursor.offset++
    cursor.skip()
    // A leading comma is accepted: the first element may be left out.
    let code = text.charCodeAt(cursor.offset)
    if (code !== 0x5d && code !== 0x2c) elements.push(this.readElement(start))
    for (cursor.skip(); ; cursor.skip()) {
      code = text.charCodeAt(cursor.offset)
      if (code !== 0x2c) break
      cursor.offset++
      cursor.skip()
      elements.push(this.readElement(start))
    }
    if (code !== 0x5d) throw this.unclosed('"," or "]"', '[', start)
    cursor.offset++
    this.depth--
    return { kind: 'sequence', elements, comment, annotation }
  }

  /** Nearly all of a large record are lists of whole numbers, one on a line and without comments. */
  private numberSequence(comment: string, annotation: string): FhiclNode | undefined {
    const { cursor, text } = this
    const list = numberListAt(text, cursor.offset)
    if (list === undefined) return undefined
    const { texts, firstLine, lastLine, lines, end } = list
    if (this.comments.isAnyOn(cursor.line + firstLine - 1, cursor.line + lastLine)) return undefined
    cursor.offset = end
    cursor.line += lines
    this.depth--
    return numberSequence(texts, comment, annotation)
  }

  private readElement(start: number): FhiclNode {
    if (this.cursor.offset >= this.text.length) throw this.unclosed('a value', '[', start)
    return this.readValue()
  }

  private readTable(): FhiclNode {
    const { cursor, text } = this
    const { offset: start, line } = cursor
    const comment = this.comments.commentAbove(line)
    const entries = new EntryList(cursor)
    this.enter()
    cursor.offset++
    while (cursor.skipToInclude() || text.charCodeAt(cursor.offset) !== 0x7d) {
      if (cursor.offset >= text.length) throw this.unclosed('"}"', '{', start)
      const offset = cursor.offset
      entries.add(this.readEntry(false), offset)
    }
    cursor.offset++
    this.depth--
    return { kind: 'table', entries: entries.list, comment }
  }

  /** Text that ends too early is reported where the bracket was opened. */
  private unclosed(expected: string, bracket: string, start: number): Error {
    const { cursor } = this
    if (cursor.offset < this.text.length) return cursor.expected(expected)
    return cursor.expected(
      `${expected} before the end of the text for the bracket opened here`,
      `Close the "${bracket}"`,
      start,
    )
  }

  private scalar(
    kind: FhiclScalarKind,
    text: string,
    line: number,
  ): { kind: FhiclScalarKind; text: string; comment: string; annotation: string } {
    const comment = this.comments.commentAbove(line)
    return { kind, text, comment, annotation: this.comments.annotationOf(line) }
  }

  private requireNoWeakerProtection(value: FhiclNode, offset: number): void {
    if (!holdsProtectIgnore(value)) return
    throw this.cursor.expected(
      'no @protect_ignore inside a value that has @protect_error',
      'Give the inner value @protect_error as well, or none',
      offset,
    )
  }
}

/** Does not look into values that have @protect_error themselves: they were checked when they were read. */
function holdsProtectIgnore(node: FhiclNode): boolean {
  if (node.kind === 'table') return node.entries.some(({ value }) => weakens(value))
  return node.kind === 'sequence' && node.elements.some(weakens)
}

function weakens(node: FhiclNode): boolean {
  if (node.protection === undefined) return holdsProtectIgnore(node)
  return node.protection === '@protect_ignore'
}
