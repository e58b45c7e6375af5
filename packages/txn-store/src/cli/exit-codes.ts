import { errorCode } from '@holdfast/atomic-file'

export const EXIT = { success: 0, failure: 1, unexpected: 2, interrupted: 130 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Error codes of Holdfast's own and of the system (`ENOSPC`) are known failures; Node's own `ERR_…` codes and the rest are bugs. */
export function exitCodeFor(error: unknown): ExitCode {
  const code = errorCode(error)
  if (code === 'ERR_INTERRUPTED') return EXIT.interrupted
  if (code === undefined || code === 'ERR_USAGE') return EXIT.unexpected
  return code.startsWith('ERR_') && !KNOWN.some((prefix) => code.startsWith(prefix)) ? EXIT.unexpected : EXIT.failure
}

const KNOWN = [
  'ERR_STATE',
  'ERR_STALE_TOKEN',
  'ERR_LOCK',
  'ERR_WRONG_KEY',
  'ERR_SEAL_BROKEN',
  'ERR_KEY_FILE',
  'ERR_COMPRESSED_DATA',
  'ERR_JSON_PATCH',
  'ERR_ATOMIC_FILE',
  'ERR_NOT_A_REGULAR_FILE',
  'ERR_INVALID_UTF8',
] as const
