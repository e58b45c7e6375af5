import {
  exportStoredDocument,
  type FhiclDocument,
  getMember,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonObject,
  parseDatabaseJson,
  stringifyStoredDocument,
} from '@holdfast/fhicl'
import type { Collection } from './collections.js'
import type { IndexEntry, Named } from './search-index.js'

export interface DocumentFields {
  readonly oid: string
  readonly collection: Collection
  readonly entity: string
  /** Full configuration name. */
  readonly configuration: string
  readonly version: string
  readonly run: number
  /** Time stamp of everything in the document. */
  readonly assigned: string
}

/** The text of a document file as the original's bulk loader writes it. */
export function documentText(content: FhiclDocument, fields: DocumentFields): string {
  const { assigned, collection, configuration, entity, oid, version } = fields
  const run = String(fields.run)
  const named = (name: string): JsonObject => object({ name, assigned })
  const update = (event: string, name: string): JsonObject => object({ event, timestamp: assigned, value: named(name) })
  const members: Readonly<Record<string, JsonValue>> = {
    origin: object({
      format: 'fhicl',
      name: entity,
      source: 'fhicl_to_json',
      timestamp: assigned,
      created: assigned,
      rawdata: [],
    }),
    version,
    entities: [named(entity)],
    configurations: [named(configuration)],
    changelog: 'notprovided',
    bookkeeping: object({
      isdeleted: false,
      isreadonly: false,
      updates: [
        update('addConfiguration', configuration),
        update('setVersion', version),
        update('setCollection', collection),
        update('addEntity', entity),
        update('addRun', run),
      ],
      created: assigned,
    }),
    _id: object({ $oid: oid }),
    collection,
    aliases: object({ active: [], history: [] }),
    runs: [named(run)],
    attachments: [],
    configtype: 'notprovided',
  }
  return stringifyStoredDocument(content, object(members).members)
}

/** The FHiCL text of a document file. @throws DatabaseJsonError, FhiclDocumentError when it is not one */
export function exportedText(bytes: Buffer, path: string): string {
  return exportStoredDocument(bytes, { source: path })
}

/** What the index takes from a document file; `undefined` when it lacks a version or configuration. @throws DatabaseJsonError */
export function indexEntry(bytes: Buffer, oid: string, path: string): IndexEntry | undefined {
  const document = parseDatabaseJson(bytes, { source: path })
  const version = getMember(document, 'version')
  const configurations = namedList(getMember(document, 'configurations'))
  if (typeof version !== 'string' || configurations.length === 0) return undefined
  const aliases = getMember(document, 'aliases')
  return {
    oid,
    version,
    configurations,
    entities: names(getMember(document, 'entities')),
    aliases: names(isJsonObject(aliases) ? getMember(aliases, 'active') : undefined),
    runs: names(getMember(document, 'runs')),
  }
}

function names(value: JsonValue | undefined): string[] {
  return namedList(value, false).map(({ name }) => name)
}

function namedList(value: JsonValue | undefined, requireAssigned = true): Named[] {
  if (!isJsonArray(value)) return []
  const list: Named[] = []
  for (const item of value) {
    if (!isJsonObject(item)) continue
    const name = getMember(item, 'name')
    const assigned = getMember(item, 'assigned')
    if (typeof name !== 'string' || (requireAssigned && typeof assigned !== 'string')) continue
    list.push({ name, assigned: typeof assigned === 'string' ? assigned : '' })
  }
  return list
}

function object(members: Readonly<Record<string, JsonValue>>): JsonObject {
  return jsonObject(Object.entries(members))
}
