import type { DatabaseFiles } from './database-files.js'
import type { DatabaseState } from './database-state.js'
import { DatabaseDamagedError } from './errors.js'
import { forEachOf } from './for-each-of.js'
import { unescapeText } from './json-text.js'
import { type ConfigurationName, exportPath } from './names.js'
import type { ExportedFile } from './run-database.js'
import { readNewest, type StoredDocument, storedDocuments } from './stored-documents.js'

const DOCUMENTS_READ_AT_ONCE = 8

/**
 * The files of a configuration: the schema at the top, everything else in a folder.
 *
 * @throws DatabaseDamagedError when a document cannot be read in any version, UnsafeNameError for names that lead out of the export
 */
export async function exportConfiguration(
  state: DatabaseState,
  files: DatabaseFiles,
  configuration: ConfigurationName,
): Promise<ExportedFile[]> {
  const stored = storedDocuments(state, configuration.full)
  const wanted: { path: string; documents: readonly StoredDocument[] }[] = []
  for (const [entity, documents] of stored.RunHistory) {
    wanted.push({ path: exportPath(configuration.name, unescapeText(entity)), documents })
  }
  for (const [entity, documents] of stored.SystemLayout) {
    wanted.push({ path: exportPath('', unescapeText(entity)), documents })
  }
  wanted.sort((a, b) => (a.path < b.path ? -1 : 1))
  const exported = new Map<string, string>()
  await forEachOf(wanted, DOCUMENTS_READ_AT_ONCE, async ({ path, documents }) => {
    exported.set(path, await readOrThrow(files, documents))
  })
  return wanted.map(({ path }) => ({ path, text: exported.get(path) ?? '' }))
}

async function readOrThrow(files: DatabaseFiles, documents: readonly StoredDocument[]): Promise<string> {
  const { text, failures } = await readNewest(files, documents)
  if (text !== undefined) return text
  const [failure] = failures
  throw new DatabaseDamagedError(
    failure?.path ?? files.root,
    `the document is ${failure?.reason ?? 'missing'}`,
    'Store the run once more to complete it, or restore the file from a backup',
    undefined,
    failure?.cause,
  )
}
