/** Where an error was found and how to get rid of it. */
export interface SyntaxErrorDetails {
  /** Name of the text, usually a file name or path. */
  readonly source: string
  /** First line is 1. */
  readonly line: number
  /** First character of a line is 1. */
  readonly column: number
  /** What would have been right at this place. */
  readonly expected: string
  /** What is there instead. */
  readonly found: string
  readonly hint?: string
}

/**
 * A text is not a FHiCL snippet the database accepts. Nothing was read. The position is that of the first thing
 * that does not fit; for text that is never closed it is where the opening quote or bracket stands.
 */
export class FhiclSyntaxError extends Error {
  override readonly name = 'FhiclSyntaxError'
  readonly code = 'ERR_FHICL_SYNTAX'
  readonly source: string
  readonly line: number
  readonly column: number
  readonly expected: string
  readonly found: string
  readonly hint: string | undefined

  constructor(details: SyntaxErrorDetails) {
    super(syntaxMessage('Cannot read FHiCL', details))
    this.source = details.source
    this.line = details.line
    this.column = details.column
    this.expected = details.expected
    this.found = details.found
    this.hint = details.hint
  }
}

/** A JSON text cannot be a database file (document or index). Nothing was read. */
export class DatabaseJsonError extends Error {
  override readonly name = 'DatabaseJsonError'
  readonly code = 'ERR_DATABASE_JSON'
  readonly source: string
  readonly line: number
  readonly column: number
  readonly expected: string
  readonly found: string
  readonly hint: string | undefined

  constructor(details: SyntaxErrorDetails) {
    super(syntaxMessage('Cannot read JSON', details))
    this.source = details.source
    this.line = details.line
    this.column = details.column
    this.expected = details.expected
    this.found = details.found
    this.hint = details.hint
  }
}

/**
 * A document that is well-formed as data cannot be a FHiCL document: a part is missing, has the wrong type, or is
 * nested too deeply. `field` is the path to the part, keys joined by dots.
 */
export class FhiclDocumentError extends Error {
  override readonly name = 'FhiclDocumentError'
  readonly code = 'ERR_FHICL_DOCUMENT'
  readonly source: string
  readonly field: string
  readonly hint: string | undefined

  constructor(source: string, field: string, problem: string, hint?: string) {
    super(`Cannot use document "${source}": ${field === '' ? '' : `"${field}" `}${problem}`)
    this.source = source
    this.field = field
    this.hint = hint
  }
}

/** Details of a {@link RunRecordError}; line and column count in `file`. */
export interface RunRecordErrorDetails {
  readonly file: string
  readonly convertedFrom?: string
  readonly line?: number
  readonly column?: number
  readonly hint?: string
  readonly cause?: unknown
}

/**
 * A file of a run record cannot be converted or cannot be stored, which keeps the whole run out of the database.
 * `convertedFrom` names the file of the record that has to be corrected when `file` was generated from it.
 */
export class RunRecordError extends Error {
  override readonly name = 'RunRecordError'
  readonly code = 'ERR_RUN_RECORD'
  readonly file: string
  readonly convertedFrom: string | undefined
  readonly line: number | undefined
  readonly column: number | undefined
  readonly hint: string | undefined

  constructor(message: string, details: RunRecordErrorDetails) {
    super(message, { cause: details.cause })
    this.file = details.file
    this.convertedFrom = details.convertedFrom
    this.line = details.line
    this.column = details.column
    this.hint = details.hint
  }
}

function syntaxMessage(what: string, { source, line, column, expected, found }: SyntaxErrorDetails): string {
  return `${what} of "${source}" at line ${line}, column ${column}: expected ${expected}, found ${found}`
}
