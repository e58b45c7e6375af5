/** How a single value is spelled; these are also the type names the database uses. */
export type FhiclScalarKind =
  | 'number'
  | 'bool'
  | 'nil'
  | 'complex'
  | 'tableid'
  | 'string_unquoted'
  | 'string_singlequoted'
  | 'string_doublequoted'

/** Written between a key and its colon; forbids later definitions to replace the value. */
export type FhiclProtection = '@protect_ignore' | '@protect_error'

/**
 * A single value. `text` is its source spelling (`0x1F`, `1e5`, `TRUE`); for quoted strings it is the text between
 * the quotes with its escapes untouched.
 */
export interface FhiclScalar {
  readonly kind: FhiclScalarKind
  readonly text: string
  /** The `#` comment on the line above the value, or ''. */
  readonly comment: string
  /** The comment at the end of the value's line, with its `#` or `//`, or ''. */
  readonly annotation: string
  readonly protection?: FhiclProtection
}

export interface FhiclSequence {
  readonly kind: 'sequence'
  readonly elements: readonly FhiclNode[]
  readonly comment: string
  readonly annotation: string
  readonly protection?: FhiclProtection
}

/** A table; it has no annotation, because nothing is written behind its opening brace. */
export interface FhiclTable {
  readonly kind: 'table'
  readonly entries: readonly FhiclEntry[]
  readonly comment: string
  readonly protection?: FhiclProtection
}

/** Any value; `kind` tells them apart. */
export type FhiclNode = FhiclScalar | FhiclSequence | FhiclTable

/**
 * One definition. An `#include "x.fcl"` line is an entry as well: its key is `fhicl_pound_include_<n>` and its value
 * the quoted name.
 */
export interface FhiclEntry {
  readonly key: string
  readonly value: FhiclNode
}

/** The comment found on one line, first line is 1. */
export interface FhiclComment {
  readonly line: number
  readonly text: string
}

/**
 * One FHiCL snippet: definitions in source order, nothing resolved. At top level the same key may stand several
 * times; inside a table keys are unique.
 */
export interface FhiclDocument {
  /** What stands between BEGIN_PROLOG and END_PROLOG. */
  readonly prolog: readonly FhiclEntry[]
  readonly main: readonly FhiclEntry[]
  readonly comments: readonly FhiclComment[]
}

/** Tables and sequences inside each other beyond this are refused by reader, writer and conversions. */
export const maxFhiclDepth = 500

const includeKey = /^fhicl_pound_include_\d+$/

/** True for an entry that stands for an `#include` line. */
export function isInclude(entry: FhiclEntry): boolean {
  const { kind } = entry.value
  return (
    entry.key.startsWith('fhicl_pound_include_') &&
    (kind === 'string_doublequoted' || kind === 'string_singlequoted') &&
    includeKey.test(entry.key)
  )
}
