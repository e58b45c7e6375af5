import { COLLECTIONS, type Collection } from './collections.js'
import type { DatabaseFiles } from './database-files.js'
import { readBytes } from './database-files.js'
import type { DatabaseState } from './database-state.js'
import { exportedText } from './document.js'
import { escapeText } from './json-text.js'
import { compareVersions } from './versions.js'

/** One stored document of an entity; several of them are its versions. */
export interface StoredDocument {
  readonly collection: Collection
  readonly oid: string
  readonly entity: string
  readonly version: string
}

export interface ReadDocument {
  readonly document: StoredDocument
  /** FHiCL text, `undefined` when no version of the entity can be read. */
  readonly text: string | undefined
  readonly failures: readonly {
    readonly path: string
    readonly reason: 'missing' | 'damaged'
    readonly cause?: unknown
  }[]
}

/**
 * The documents of a configuration by collection and entity, newest version first; documents of one version in the order of their ids, as the
 * original picks them.
 */
export function storedDocuments(
  state: DatabaseState,
  configuration: string,
): Readonly<Record<Collection, ReadonlyMap<string, readonly StoredDocument[]>>> {
  const found: Record<Collection, Map<string, StoredDocument[]>> = { RunHistory: new Map(), SystemLayout: new Map() }
  for (const collection of COLLECTIONS) {
    const index = state.index(collection)
    const byEntity = found[collection]
    for (const { id, entity, version } of index.documentsOf(escapeText(configuration))) {
      const document = { collection, oid: index.oids.text(id), entity, version }
      const documents = byEntity.get(entity)
      if (documents === undefined) byEntity.set(entity, [document])
      else documents.push(document)
    }
    for (const documents of byEntity.values()) documents.sort(newestFirst)
  }
  return found
}

/** Reads the newest version that can be read. `documents` is not empty. */
export async function readNewest(files: DatabaseFiles, documents: readonly StoredDocument[]): Promise<ReadDocument> {
  const failures: { path: string; reason: 'missing' | 'damaged'; cause?: unknown }[] = []
  for (const document of documents) {
    const path = files.document(document.collection, document.oid)
    const bytes = await readBytes(path)
    if (bytes === undefined) {
      failures.push({ path, reason: 'missing' })
      continue
    }
    try {
      return { document, text: exportedText(bytes, path), failures }
    } catch (cause) {
      failures.push({ path, reason: 'damaged', cause })
    }
  }
  const [document] = documents
  if (document === undefined) throw new Error('An entity without documents cannot be read')
  return { document, text: undefined, failures }
}

function newestFirst(a: StoredDocument, b: StoredDocument): number {
  return compareVersions(b.version, a.version) || (a.oid < b.oid ? -1 : 1)
}
