import type { JsonObject } from './json.js'

/** What a store tells its listeners. */
export interface StoreEvents {
  /** A transaction of this store is durable. */
  commit: { readonly seq: number; readonly operation: string; readonly data: Readonly<JsonObject> }
  /** A transaction of this store failed; its error went to the caller. */
  rollback: { readonly operation: string; readonly error: unknown }
  /** What a killed process had left was settled or removed. */
  recovered: { readonly description: string }
  /** A backup was restored; what it replaced is kept as `replaced`. */
  restored: { readonly backup: string; readonly replaced: string | undefined }
  /** Something failed that is no part of the promise: a note, a rotation, a listener. Without a listener it becomes a process warning. */
  warning: { readonly error: unknown }
}

export type StoreEventName = keyof StoreEvents

/** Tells listeners, none of which can hurt the store. */
export class StoreEventHub {
  readonly #listeners: Map<StoreEventName, Set<(event: never) => void>> = new Map()

  on<Name extends StoreEventName>(name: Name, listener: (event: StoreEvents[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  has(name: StoreEventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  emit<Name extends StoreEventName>(name: Name, event: StoreEvents[Name]): void {
    if (name === 'warning' && !this.has('warning')) {
      warn((event as StoreEvents['warning']).error)
      return
    }
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        ;(listener as (event: StoreEvents[Name]) => void)(event)
      } catch (error) {
        if (name === 'warning') warn(error)
        else this.emit('warning', { error })
      }
    }
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)))
}
