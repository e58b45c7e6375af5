import type { Collection } from './collections.js'
import { type DatabaseFiles, listFolder, readBytes } from './database-files.js'
import { indexEntry } from './document.js'
import { forEachOf } from './for-each-of.js'
import type { DocumentName } from './journal.js'
import { OID } from './oid.js'
import { type IndexEntry, SearchIndex } from './search-index.js'

export interface RebuiltIndex {
  readonly index: SearchIndex
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
}

const DOCUMENTS_READ_AT_ONCE = 16

/** Makes an index from the documents of a collection, in the order of their names, without those that were announced but never committed. */
export async function rebuildIndex(
  files: DatabaseFiles,
  collection: Collection,
  intent: readonly DocumentName[],
): Promise<RebuiltIndex> {
  const uncommitted = new Set(intent.filter((name) => name.collection === collection).map(({ oid }) => oid))
  const skipped: { path: string; reason: string }[] = []
  const oids: string[] = []
  for (const name of await listFolder(files.collection(collection))) {
    const oid = documentId(name)
    if (oid !== undefined && !uncommitted.has(oid)) oids.push(oid)
  }
  const entries: (IndexEntry | undefined)[] = new Array<IndexEntry | undefined>(oids.length)
  await forEachOf(oids.entries(), DOCUMENTS_READ_AT_ONCE, async ([at, oid]) => {
    const path = files.document(collection, oid)
    try {
      const bytes = await readBytes(path)
      entries[at] = bytes === undefined ? undefined : indexEntry(bytes, oid, path)
      if (entries[at] === undefined) skipped.push({ path, reason: 'It has no version or no configuration' })
    } catch (error) {
      skipped.push({ path, reason: error instanceof Error ? error.message : String(error) })
    }
  })
  const index = new SearchIndex()
  for (const entry of entries) if (entry !== undefined) index.add(entry)
  return { index, skipped }
}

/** The id of a document by its file name, `undefined` for a file that is not a document. */
export function documentId(fileName: string): string | undefined {
  if (!fileName.endsWith('.json')) return undefined
  const oid = fileName.slice(0, -'.json'.length)
  return OID.test(oid) ? oid : undefined
}
