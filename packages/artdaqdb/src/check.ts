import { COLLECTIONS, type Collection } from './collections.js'
import { type DatabaseFiles, listFolder, readBytes } from './database-files.js'
import type { DatabaseState } from './database-state.js'
import { exportedText } from './document.js'
import { DatabaseDamagedError } from './errors.js'
import { forEachOf } from './for-each-of.js'
import { documentId } from './rebuild.js'
import type { CheckReport, DatabaseProblem } from './run-database.js'

const DOCUMENTS_READ_AT_ONCE = 8
const REBUILD = 'Make the indexes anew from the documents with rebuildIndex()'
const STORE_AGAIN = 'Store the run once more to complete it, or restore the file from a backup'

/** Compares the indexes with the documents and reads every document once. */
export async function checkDatabase(state: DatabaseState, files: DatabaseFiles): Promise<CheckReport> {
  const problems: DatabaseProblem[] = []
  try {
    await state.refresh()
  } catch (error) {
    if (!(error instanceof DatabaseDamagedError)) throw error
    problems.push({ kind: 'journal-damaged', path: error.path, message: error.message, hint: error.hint })
    return { documents: 0, problems }
  }
  if (state.journal.size > 0) {
    const message = 'Stored runs are in the journal but not yet in the indexes, where other programs look for them'
    problems.push({
      kind: 'journal-not-folded',
      path: files.journal,
      message,
      hint: 'Open the database for writing and close it',
    })
  }
  let documents = 0
  for (const collection of COLLECTIONS) documents += await checkCollection(state, files, collection, problems)
  return { documents, problems: problems.sort((a, b) => (a.path < b.path ? -1 : 1)) }
}

async function checkCollection(
  state: DatabaseState,
  files: DatabaseFiles,
  collection: Collection,
  problems: DatabaseProblem[],
): Promise<number> {
  const { index, damage } = state.loaded(collection)
  if (damage !== undefined) {
    const message = damage === 'missing' ? 'The index is missing' : 'The index is damaged'
    problems.push({ kind: `index-${damage}`, path: files.index(collection), message, hint: REBUILD })
  }
  const indexed = new Set(index.listed.map((id) => index.oids.text(id)))
  const unread = new Set(indexed)
  const intent = new Set(state.journal.intent.map(({ oid }) => oid))
  const present: string[] = []
  for (const name of await listFolder(files.collection(collection))) {
    const path = `${files.collection(collection)}/${name}`
    const oid = documentId(name)
    if (name === 'index.json') continue
    if (oid === undefined) {
      const hint = 'Move it away: the original tools take every file here for a document'
      problems.push({ kind: 'unexpected-file', path, message: 'The file is not a document', hint })
    } else if (indexed.has(oid)) {
      present.push(oid)
      unread.delete(oid)
    } else if (!intent.has(oid)) {
      problems.push({ kind: 'document-not-indexed', path, message: 'No index names the document', hint: REBUILD })
    }
  }
  for (const oid of unread) {
    const path = files.document(collection, oid)
    problems.push({ kind: 'document-missing', path, message: 'The document is missing', hint: STORE_AGAIN })
  }
  await forEachOf(present, DOCUMENTS_READ_AT_ONCE, async (oid) => {
    const path = files.document(collection, oid)
    try {
      const bytes = await readBytes(path)
      if (bytes !== undefined) exportedText(bytes, path)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      problems.push({ kind: 'document-damaged', path, message, hint: STORE_AGAIN })
    }
  })
  return indexed.size
}
