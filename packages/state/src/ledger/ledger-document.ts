/**
 * The document processed.json: `version`, the maps `processed` and `failed`, and whatever else programs keep at its top level. Version 2 is the current
 * one; a document without a version is version 1.
 */
import type { JsonObject, JsonValue } from '@holdfast/txn-store'
import { LedgerVersionError } from '../errors.js'

export const CURRENT_SCHEMA_VERSION = 2

export interface LedgerDocument extends JsonObject {
  version: number
  processed: Record<string, JsonObject>
  failed: Record<string, JsonObject>
}

/** What is wrong with a document, where. */
export class DocumentShapeError extends Error {
  override readonly name = 'DocumentShapeError'
  readonly code = 'ERR_LEDGER_SHAPE'
}

/**
 * The document in the current form; the argument itself when it has that already. Fields that this program does not know stay. A missing map is an empty
 * one; fields missing in entries of version 1 are added as the original adds them.
 *
 * @param path for the error messages
 * @throws DocumentShapeError when a map or an entry is no object or the version no number. LedgerVersionError when the version is a newer one.
 */
export function migrateState(document: Readonly<JsonObject>, path: string): LedgerDocument {
  const version = versionOf(document)
  if (version > CURRENT_SCHEMA_VERSION) throw new LedgerVersionError(path, version, CURRENT_SCHEMA_VERSION)
  const processed = mapOf(document, 'processed')
  const failed = mapOf(document, 'failed')
  if (version === CURRENT_SCHEMA_VERSION && document['processed'] === processed && document['failed'] === failed) {
    return document as LedgerDocument
  }
  let migrated: LedgerDocument = { ...document, processed, failed, version }
  if (version < 2) migrated = toVersion2(migrated)
  // A later version adds its step here, in the same form.
  return migrated
}

export function emptyDocument(): LedgerDocument {
  return { failed: {}, processed: {}, version: CURRENT_SCHEMA_VERSION }
}

function toVersion2(document: LedgerDocument): LedgerDocument {
  const processed = mapValues(document.processed, (entry) => ({ checkpoints: {}, infohash: null, ...entry }))
  const failed = mapValues(document.failed, (entry) => ({
    first_failed_at: entry['failed_at'] ?? null,
    error_type: null,
    author: null,
    ...entry,
  }))
  return { ...document, processed, failed, version: 2 }
}

function mapValues(
  map: Readonly<Record<string, JsonObject>>,
  change: (entry: JsonObject) => JsonObject,
): Record<string, JsonObject> {
  return Object.fromEntries(Object.entries(map).map(([id, entry]) => [id, change(entry)]))
}

/** Python counts `true` as 1, so its programs have taken that for a version. */
function versionOf(document: Readonly<JsonObject>): number {
  if (!Object.hasOwn(document, 'version')) return 1
  const version = document['version']
  if (typeof version === 'boolean') return Number(version)
  if (typeof version === 'number') return version
  throw new DocumentShapeError(`"version" is ${kindOf(version)} instead of a number`)
}

function mapOf(document: Readonly<JsonObject>, name: string): Record<string, JsonObject> {
  const map = Object.hasOwn(document, name) ? document[name] : {}
  if (!isObject(map)) throw new DocumentShapeError(`"${name}" is ${kindOf(map)} instead of an object`)
  for (const id in map) {
    const entry = map[id]
    if (!isObject(entry))
      throw new DocumentShapeError(`the entry ${JSON.stringify(id)} of "${name}" is ${kindOf(entry)}`)
  }
  return map as Record<string, JsonObject>
}

function kindOf(value: JsonValue | undefined): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
