import type { Change } from './driver.js'

/** Tells those who watch in this process, so that they need not wait for their next look. */
export class CommitListeners {
  readonly #listeners: Set<(keys: readonly string[]) => void> = new Set()

  add(listener: (keys: readonly string[]) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  tell(changes: readonly Change[]): void {
    if (this.#listeners.size === 0) return
    const keys = changes.map(({ key }) => key)
    for (const listener of this.#listeners) listener(keys)
  }
}
