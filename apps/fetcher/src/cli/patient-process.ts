import type { ProcessLike } from '@holdfast/cli-kit'

/** A process whose first forced end is an order to stop, and whose next one is an end: work that is under way can still be given back. */
export class PatientProcess implements ProcessLike {
  readonly #proc: ProcessLike
  readonly #onStop: () => void
  #wasAsked = false

  constructor(proc: ProcessLike, onStop: () => void) {
    this.#proc = proc
    this.#onStop = onStop
  }

  get argv(): ProcessLike['argv'] {
    return this.#proc.argv
  }

  get env(): ProcessLike['env'] {
    return this.#proc.env
  }

  get stdin(): ProcessLike['stdin'] {
    return this.#proc.stdin
  }

  get stdout(): ProcessLike['stdout'] {
    return this.#proc.stdout
  }

  get stderr(): ProcessLike['stderr'] {
    return this.#proc.stderr
  }

  cwd(): string {
    return this.#proc.cwd()
  }

  exit(code: number): void {
    if (this.#wasAsked) {
      this.#proc.exit(code)
      return
    }
    this.#wasAsked = true
    this.#onStop()
  }

  on(event: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown {
    return this.#proc.on(event, listener)
  }

  off(event: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown {
    return this.#proc.off(event, listener)
  }
}
