/** What happened, and the fix where the error knows one. */
export function explainError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const hint = hintOf(error)
  return hint === undefined ? error.message : `${error.message}; ${hint}`
}

/** The fix alone, where the error knows one. */
export function hintOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('hint' in error) || typeof error.hint !== 'string') return undefined
  let { hint } = error
  for (const [method, command] of COMMANDS) hint = hint.replace(method, command)
  return hint
}

/** What packages call by their methods has a flag for the operator. */
const COMMANDS: readonly (readonly [method: string, command: string])[] = [
  ['rebuildIndex()', 'archiver --rebuild-database-index'],
  ['Store the run once more', "Run 'archiver --rebuild-database-index' and then 'archiver --import-only'"],
]
