import type { FuzzConfig } from '../config/archiver-config.js'

/** A failure made on purpose, to rehearse what happens after one. */
export class InjectedFaultError extends Error {
  override readonly name = 'InjectedFaultError'
  readonly code = 'ERR_INJECTED_FAULT'
  /** No further attempt is made for the run in this execution. */
  readonly isFinal: boolean

  constructor(message: string, isFinal: boolean) {
    super(message)
    this.isFinal = isFinal
  }
}

/**
 * Throws for the configured share of attempts.
 *
 * @throws InjectedFaultError
 */
export function injectFault(run: number, fuzz: FuzzConfig, random: () => number): void {
  const hits = (percent: number): boolean => percent > 0 && random() * 100 < percent
  if (hits(fuzz.skipPercent))
    throw new InjectedFaultError(`Run ${run} was skipped on purpose (app_fuzz.random_skip_percent)`, fuzz.skipIsFinal)
  if (hits(fuzz.errorPercent))
    throw new InjectedFaultError(
      `Run ${run} was made to fail on purpose (app_fuzz.random_error_percent)`,
      fuzz.errorIsFinal,
    )
}
