/** Work of the caller that goes on beside the staging of a file and decides whether it is published. */
export class Companion {
  readonly #begin: (() => Promise<unknown>) | undefined
  #outcome: Promise<CompanionFailure | undefined> | undefined

  constructor(begin: (() => Promise<unknown>) | undefined) {
    this.#begin = begin
  }

  begin(): void {
    // Never rejects, so that a failure of the staging leaves no rejection that nobody handles.
    this.#outcome ??= this.#begin?.().then(
      () => undefined,
      (reason: unknown) => new CompanionFailure(reason),
    )
  }

  /** Waits for its end, however that is. */
  async ended(): Promise<void> {
    await this.#outcome
  }

  /** @throws CompanionFailure */
  async succeeded(): Promise<void> {
    const failure = await this.#outcome
    if (failure !== undefined) throw failure
  }
}

/** Carries the caller's error past the code that explains failures of the file itself. */
export class CompanionFailure {
  readonly reason: unknown

  constructor(reason: unknown) {
    this.reason = reason
  }
}
