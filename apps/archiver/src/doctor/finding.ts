import { hintOf } from '../cli/explain-error.js'

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string
  /** A `problem` keeps the archiver from working, a `warning` may do so one day. */
  readonly level: 'ok' | 'warning' | 'problem'
  readonly what: string
  /** What to do about it. */
  readonly fix?: string
}

/** Findings of one area, all under its name. */
export class Findings {
  readonly #check: string
  readonly all: Finding[] = []

  constructor(check: string) {
    this.#check = check
  }

  ok(what: string): this {
    this.all.push({ check: this.#check, level: 'ok', what })
    return this
  }

  warning(what: string, fix: string): this {
    this.all.push({ check: this.#check, level: 'warning', what, fix })
    return this
  }

  problem(what: string, fix: string): this {
    this.all.push({ check: this.#check, level: 'problem', what, fix })
    return this
  }

  /** For an error that tells its fix itself, or not at all. */
  error(error: unknown, otherwise: string): this {
    return this.problem(error instanceof Error ? error.message : String(error), hintOf(error) ?? otherwise)
  }
}
