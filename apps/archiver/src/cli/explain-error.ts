/** What happened, and the fix where the error knows one. */
export function explainError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const hint = 'hint' in error && typeof error.hint === 'string' ? `; ${error.hint}` : ''
  return `${error.message}${hint}`
}
