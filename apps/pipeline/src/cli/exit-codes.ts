import { errorCode } from '@holdfast/atomic-file'

/** `partial`: some of what was asked for is done, and some is not. */
export const EXIT = { success: 0, failure: 1, unexpected: 2, partial: 3, interrupted: 130 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Error codes of Holdfast's own and of the system (`ENOSPC`) are known failures; Node's own `ERR_…` codes and the rest are bugs. */
export function exitCodeFor(error: unknown): ExitCode {
  const code = errorCode(error)
  if (code === 'ERR_INTERRUPTED') return EXIT.interrupted
  if (code === undefined || isUsage(error)) return EXIT.unexpected
  return code.startsWith('ERR_') && !KNOWN.some((prefix) => code.startsWith(prefix)) ? EXIT.unexpected : EXIT.failure
}

/** What was asked for cannot be understood, or there is no such phase or parameter. */
export function isUsage(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ERR_USAGE' || code === 'ERR_PIPELINE_SELECTION'
}

/** What became of a run or a batch, as an exit code. */
export const EXIT_OF_STATUS = {
  success: EXIT.success,
  partial: EXIT.partial,
  failed: EXIT.failure,
  cancelled: EXIT.interrupted,
} as const

const KNOWN = [
  'ERR_PIPELINE',
  'ERR_STATE',
  'ERR_STALE_TOKEN',
  'ERR_LOCK',
  'ERR_OUTPUT',
  'ERR_COMPRESSED_DATA',
  'ERR_JSON_PATCH',
  'ERR_ATOMIC_FILE',
  'ERR_NOT_A_REGULAR_FILE',
  'ERR_INVALID_UTF8',
] as const
