import { getGlobalStore } from '../store/global-store.js'
import type { KvStore } from '../store/kv-store.js'

export interface ManagerOptions {
  /** The store to keep everything in. @default the global store, asked for at each call, so that a new configuration is heeded */
  readonly store?: KvStore | undefined
}

export function storeOf({ store }: ManagerOptions): () => Promise<KvStore> {
  return store === undefined ? getGlobalStore : async (): Promise<KvStore> => store
}

export const SECOND_MS = 1000
export const HOUR_MS: number = 3600 * SECOND_MS
export const DAY_MS: number = 24 * HOUR_MS

export function requireName(what: string, name: unknown): void {
  if (typeof name !== 'string' || name === '') throw new TypeError(`${what} must be a text that is not empty`)
}

export function isoNow(): string {
  return new Date().toISOString()
}

export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.length > MAX_ERROR_LENGTH ? `${text.slice(0, MAX_ERROR_LENGTH)}…` : text
}

/** A page of HTML or a whole document must not fill the store just because it was an error. */
const MAX_ERROR_LENGTH = 2000
