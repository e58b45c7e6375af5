import { ask, canAsk, describeTerminal, harmless, type ProcessLike, tell } from '@holdfast/cli-kit'
import type { ReleaseLedger, StateLogger } from '@holdfast/state'
import { type OpenedLedgerReader, openLedgerReader } from '@holdfast/state/ledger-reader'
import { Console } from './console.js'
import type { CommonOptions } from './requests.js'

/** What a command has to show; `document` is for --json. */
export interface CommandResult {
  readonly console: Console
  readonly document?: unknown
  readonly exitCode?: number
}

/** More releases than this do not go without a question. */
const MOST_WITHOUT_QUESTION = 10

/** What the commands work with. */
export class Context {
  readonly path: string
  readonly dryRun: boolean
  readonly logger: StateLogger
  readonly lockTimeoutMs: number
  readonly #proc: ProcessLike
  readonly #signal: AbortSignal
  readonly #noted: Set<string> = new Set()

  constructor(proc: ProcessLike, path: string, common: CommonOptions, signal: AbortSignal) {
    this.path = path
    this.dryRun = common.dryRun
    this.lockTimeoutMs = common.lockTimeoutMs
    this.logger = {
      info: (message) => (common.verbose ? this.note(message) : undefined),
      warn: (message) => this.note(message),
      error: (message) => this.note(message),
    }
    this.#proc = proc
    this.#signal = signal
  }

  get currentDir(): string {
    return this.#proc.cwd()
  }

  /** For reading; a damaged ledger is then not repaired. */
  openForReading(): Promise<OpenedLedgerReader> {
    return openLedgerReader(this.path, { logger: this.logger })
  }

  /** For changes; only for reading in a dry run. */
  async openForChanges(): Promise<ReleaseLedger> {
    const { ReleaseLedger } = await import('@holdfast/state')
    return ReleaseLedger.open(this.path, {
      readOnly: this.dryRun,
      lockTimeoutMs: this.lockTimeoutMs,
      signal: this.#signal,
      label: 'mamfast',
      logger: this.logger,
    })
  }

  console(): Console {
    return new Console(describeTerminal(this.#proc.stdout, this.#proc.env))
  }

  /** A line on the standard error; each is said once. */
  note(text: string): void {
    if (this.#noted.has(text)) return
    this.#noted.add(text)
    tell(this.#proc, 'mamfast', harmless(text))
  }

  /** Whether so many releases may go: few always may, and many unless somebody sits there and says no. */
  async mayRemove(count: number, question: string, yes: boolean): Promise<boolean> {
    if (yes || this.dryRun || count <= MOST_WITHOUT_QUESTION || !canAsk(this.#proc)) return true
    return ask(this.#proc, question, this.#signal)
  }
}
