import { errorCode } from '@holdfast/atomic-file'

export const EXIT = { success: 0, failure: 1, unexpected: 2, interrupted: 130 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Error codes of Holdfast's own (`ERR_…`) and of the system (`ENOSPC`) are known failures; Node's own `ERR_…` codes and the rest are bugs. */
export function exitCodeFor(error: unknown): ExitCode {
  const code = errorCode(error)
  if (code === undefined || code === 'ERR_USAGE') return EXIT.unexpected
  return code.startsWith('ERR_') && !isHoldfastCode(code) ? EXIT.unexpected : EXIT.failure
}

const HOLDFAST_PREFIXES = [
  'ERR_CONFIGURATION',
  'ERR_LOCK',
  'ERR_OUTPUT',
  'ERR_STATE',
  'ERR_ARTDAQDB',
  'ERR_ARCHIVE',
  'ERR_RUN_RECORD',
  'ERR_RUN_BLOB',
  'ERR_HISTORY',
  'ERR_EXTRACT',
  'ERR_SOURCE',
  'ERR_REPORT',
  'ERR_VERIFICATION',
  'ERR_FHICL',
  'ERR_INVALID_UTF8',
  'ERR_NOT_A_REGULAR_FILE',
  'ERR_ATOMIC_FILE',
] as const

/** A store used after its end is our mistake, whatever it was called. */
function isHoldfastCode(code: string): boolean {
  return !code.endsWith('_CLOSED') && HOLDFAST_PREFIXES.some((prefix) => code.startsWith(prefix))
}
