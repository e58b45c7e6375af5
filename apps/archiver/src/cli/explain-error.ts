/** What happened, and the fix where the error knows one. */
export function explainError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!('hint' in error) || typeof error.hint !== 'string') return error.message
  // The database names its method; the operator has a flag for it.
  return `${error.message}; ${error.hint.replace('rebuildIndex()', 'archiver --rebuild-database-index')}`
}
