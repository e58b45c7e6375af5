import type { JsonObject, JsonValue } from './database-json.js'
import { getMember, getPath, isJsonArray, isJsonObject } from './database-json.js'
import { FhiclDocumentError } from './errors.js'
import type {
  FhiclComment,
  FhiclDocument,
  FhiclEntry,
  FhiclNode,
  FhiclProtection,
  FhiclScalarKind,
} from './fhicl-document.js'
import { maxFhiclDepth } from './fhicl-document.js'
import { MetadataChildren } from './metadata-children.js'

export interface DocumentFromJsonOptions {
  /** Name used in errors, usually the file name. @default 'stored document' */
  readonly source?: string
}

/**
 * Reads the FHiCL document out of a whole stored document: needs its `document.data` and `document.metadata`, takes
 * `comments` when there are any. Duplicate keys at top level each get their own metadata.
 *
 * Throws {@link FhiclDocumentError} when data and metadata do not fit together.
 */
export function documentFromJson(stored: JsonObject, options: DocumentFromJsonOptions = {}): FhiclDocument {
  const builder = new DocumentBuilder(options.source ?? 'stored document')
  return {
    prolog: builder.section(stored, 'prolog'),
    main: builder.section(stored, 'main'),
    comments: commentsOf(getMember(stored, 'comments')),
  }
}

const scalarKinds: ReadonlySet<string> = new Set<FhiclScalarKind>([
  'number',
  'bool',
  'nil',
  'complex',
  'tableid',
  'string_unquoted',
  'string_singlequoted',
  'string_doublequoted',
])

/** Longer paths are cut in error messages. */
const shownPathLength = 12

class DocumentBuilder {
  private readonly source: string
  private readonly path: string[] = []

  constructor(source: string) {
    this.source = source
  }

  section(stored: JsonObject, name: 'prolog' | 'main'): FhiclEntry[] {
    const data = getPath(stored, 'document', 'data', name)
    const children = getPath(stored, 'document', 'metadata', name, 'children')
    if (!isJsonObject(data)) throw this.error(`document.data.${name}`, 'is not an object')
    if (!isJsonObject(children)) throw this.error(`document.metadata.${name}.children`, 'is not an object')
    return this.entries(data, children)
  }

  private entries(data: JsonObject, children: JsonObject): FhiclEntry[] {
    const metadata = new MetadataChildren(children)
    return data.members.map(({ key, value }) => ({ key, value: this.child(key, value, metadata.next(key)) }))
  }

  private elements(data: readonly JsonValue[], children: JsonObject): FhiclNode[] {
    const metadata = new MetadataChildren(children)
    return data.map((value, index) => {
      const key = String(index)
      return this.child(key, value, metadata.next(key))
    })
  }

  private child(key: string, value: JsonValue, metadata: JsonValue | undefined): FhiclNode {
    this.path.push(key)
    if (this.path.length > maxFhiclDepth + 1) throw this.error('', 'is nested too deeply')
    if (!isJsonObject(metadata)) throw this.error('', 'has no metadata', 'Restore the document from a copy')
    const node = this.node(value, metadata)
    this.path.pop()
    return node
  }

  private node(value: JsonValue, metadata: JsonObject): FhiclNode {
    const attributes = this.attributes(metadata)
    const { kind, comment, annotation, children, protection } = attributes
    const protectedBy = protection === undefined ? {} : { protection }
    if (isJsonArray(value)) {
      if (kind !== 'sequence' || children === undefined) throw this.error('', `is an array, but its type is "${kind}"`)
      return { kind, elements: this.elements(value, children), comment, annotation, ...protectedBy }
    }
    if (isJsonObject(value)) {
      if (kind !== 'table' || children === undefined) throw this.error('', `is an object, but its type is "${kind}"`)
      return { kind, entries: this.entries(value, children), comment, ...protectedBy }
    }
    const text = String(value)
    const scalarKind = isScalarKind(kind) ? kind : kind === 'table' || kind === 'string' ? guessKind(text) : undefined
    if (scalarKind === undefined) throw this.error('', `is a single value, but its type is "${kind}"`)
    return { kind: scalarKind, text, comment, annotation, ...protectedBy }
  }

  private attributes(metadata: JsonObject): {
    kind: string
    comment: string
    annotation: string
    children: JsonObject | undefined
    protection: FhiclProtection | undefined
  } {
    let kind: string | undefined
    let comment = ''
    let annotation = ''
    let children: JsonObject | undefined
    let protection: FhiclProtection | undefined
    for (const { key, value } of metadata.members) {
      if (key === 'type') kind = this.string(key, value)
      else if (key === 'comment') comment = this.string(key, value)
      else if (key === 'annotation') annotation = this.string(key, value)
      else if (key === 'children') children = isJsonObject(value) ? value : undefined
      else if (key === 'protection') protection = this.protection(this.string(key, value))
    }
    if (kind === undefined) throw this.error('', 'has no type')
    return { kind, comment, annotation, children, protection }
  }

  private string(key: string, value: JsonValue): string {
    if (typeof value === 'string') return value
    throw this.error('', `has metadata in which "${key}" is no string`)
  }

  private protection(text: string): FhiclProtection | undefined {
    if (text === '@protect_ignore' || text === '@protect_error') return text
    if (text === '' || text === '@none') return undefined
    throw this.error('', `has the unknown protection "${text}"`)
  }

  private field(): string {
    const shown = this.path.slice(0, shownPathLength).join('.')
    return this.path.length > shownPathLength ? `${shown}…` : shown
  }

  private error(field: string, problem: string, hint?: string): FhiclDocumentError {
    return new FhiclDocumentError(this.source, field === '' ? this.field() : field, problem, hint)
  }
}

export function isScalarKind(kind: string): kind is FhiclScalarKind {
  return scalarKinds.has(kind)
}

/** Some documents were edited and say only that a value is a string, or still say it is a table. */
function guessKind(text: string): FhiclScalarKind {
  return /[ .%()/\\-]/.test(text) ? 'string_doublequoted' : 'string_unquoted'
}

function commentsOf(value: JsonValue | undefined): FhiclComment[] {
  if (!isJsonArray(value)) return []
  const comments: FhiclComment[] = []
  for (const element of value) {
    if (!isJsonObject(element)) continue
    const line = getMember(element, 'linenum')
    const text = getMember(element, 'value')
    if (typeof line === 'number' && line > 0 && typeof text === 'string') comments.push({ line, text })
  }
  return comments
}
