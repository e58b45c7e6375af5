import type { KvStore } from '../store/kv-store.js'
import { isoNow } from './manager-store.js'
import { addTimes, type TimingRecord } from './timing.js'
import { updateEntry } from './update-entry.js'

interface Waiting {
  readonly seconds: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Adds times to one record that many processes add to: what comes in while a write is under way is merged and written together, so that a busy process
 * costs one write at a time.
 */
export class TimingWriter {
  readonly #level: () => Promise<KvStore>
  readonly #key: readonly string[]
  readonly #ttlMs: number | null
  #waiting: Waiting[] = []
  #isWriting = false

  constructor(level: () => Promise<KvStore>, key: readonly string[], ttlMs: number | null) {
    this.#level = level
    this.#key = key
    this.#ttlMs = ttlMs
  }

  /** Resolves when the time is stored. */
  add(seconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ seconds, resolve, reject })
      if (!this.#isWriting) void this.#write()
    })
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        const times = group.map(({ seconds }) => seconds)
        await updateEntry<TimingRecord>(await this.#level(), this.#key, (old) => addTimes(old, times, isoNow()), {
          ttlMs: this.#ttlMs,
        })
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#isWriting = false
  }
}
