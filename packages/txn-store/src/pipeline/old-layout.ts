import { isPhaseName, isRecord } from './pipeline-document.js'

/**
 * The entries of files in the layout of the oldest documents, `{ <file>: { phase1: { … } } }` at the top level, as `<phase> → <file> → entry`. They are read
 * where they are and stay there: nobody can tell for sure that something which looks like that is a file.
 */
export function findOldEntries(
  document: Readonly<Record<string, unknown>>,
): Map<string, Map<string, Record<string, unknown>>> {
  const found = new Map<string, Map<string, Record<string, unknown>>>()
  for (const [file, phases] of Object.entries(document)) {
    if (isPhaseName(file) || !isRecord(phases)) continue
    for (const [phase, entry] of Object.entries(phases)) {
      if (!isPhaseName(phase) || !isRecord(entry)) continue
      const entries = found.get(phase) ?? new Map<string, Record<string, unknown>>()
      found.set(phase, entries.set(file, entry))
    }
  }
  return found
}
