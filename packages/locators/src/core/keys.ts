import { splitKey } from '@holdfast/kv-persistence'
import type { WorkRequest } from '../locator.js'

/**
 * Where a locator keeps things, below its prefix: `queue:…` what waits, `processed_urls:{url}:{id}` or `processed_files:{path}:{id}` what is done,
 * `errors:{name}:{id}` the last failure of what is not done, `retry:{id}` and `retry_due:…` its attempts, `state:{name}` how far the walk is,
 * `validators:{name}:{id}` what a conditional request needs.
 */
export class LocatorKeys {
  readonly path: readonly string[]
  readonly #doneLevel: string

  constructor(prefix: string, doneLevel: string) {
    if (prefix === '') throw new TypeError('The prefix of a locator must not be empty')
    this.path = splitKey(prefix)
    this.#doneLevel = doneLevel
  }

  at(...segments: readonly string[]): readonly string[] {
    return [...this.path, ...segments]
  }

  done({ name, id }: WorkRequest): readonly string[] {
    return this.at(this.#doneLevel, shorten(name), id)
  }

  /** All that is done, or all of one name. */
  doneOf(name?: string): readonly string[] {
    return name === undefined ? this.at(this.#doneLevel) : this.at(this.#doneLevel, shorten(name))
  }

  error({ name, id }: WorkRequest): readonly string[] {
    return this.at('errors', shorten(name), id)
  }

  validators({ name, id }: WorkRequest): readonly string[] {
    return this.at('validators', shorten(name), id)
  }

  state(name: string): readonly string[] {
    return this.at('state', shorten(name))
  }
}

/** Names are for people; the id behind them tells long ones apart. */
function shorten(name: string): string {
  return name.slice(0, LONGEST_NAME).toWellFormed()
}

/** Characters; even if each has to be encoded, a key stays below what the store takes. */
const LONGEST_NAME = 600
