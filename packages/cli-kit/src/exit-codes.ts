export const EXIT = { success: 0, failure: 1, unexpected: 2, interrupted: 130 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/**
 * Errors of the system (`ENOSPC`) and those whose code begins with one of `knownPrefixes` are known failures. Wrong usage and everything else, Node's own
 * `ERR_…` codes included, are not.
 *
 * @example exitCodeFor(error, ['ERR_STATE', 'ERR_LOCK'])
 */
export function exitCodeFor(error: unknown, knownPrefixes: readonly string[]): ExitCode {
  const code = codeOf(error)
  if (code === 'ERR_INTERRUPTED') return EXIT.interrupted
  if (code === 'ERR_OUTPUT') return EXIT.failure
  if (code === undefined || code === 'ERR_USAGE') return EXIT.unexpected
  // What is used after its end is our mistake, whatever it was called.
  const isKnown = !code.endsWith('_CLOSED') && knownPrefixes.some((prefix) => code.startsWith(prefix))
  return code.startsWith('ERR_') && !isKnown ? EXIT.unexpected : EXIT.failure
}

/** The `code` of an error, when that is a text. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
