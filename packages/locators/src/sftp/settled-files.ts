import type { KvOperation } from '@holdfast/kv-persistence'
import type { LocatorCore } from '../core/locator-core.js'
import type { SftpRequest } from './sftp-locator.js'

export interface SortedFiles {
  readonly settled: readonly SftpRequest[]
  /** When the first of the others may be settled; `undefined`: none, or none that is worth waiting for. */
  readonly waitUntilMs: number | undefined
  /** To be made together with the step that takes the settled ones in. */
  readonly operations: readonly KvOperation[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * Tells files that somebody may still be writing from those that are whole: since when a version is known is kept in the store, under `unsettled:{id}`, so
 * that a short run and the next one see the same file together. Another size or time is another version, which begins anew.
 */
export class SettledFiles {
  readonly #stableForMs: number
  readonly #core: LocatorCore<SftpRequest>
  readonly #patience: number
  readonly #seen = new Map<string, number>()

  /** `patience`: how many versions of a file that goes on changing are waited for. */
  constructor(core: LocatorCore<SftpRequest>, stableForMs: number, patience: number) {
    this.#core = core
    this.#stableForMs = stableForMs
    this.#patience = patience
  }

  async sort(requests: readonly SftpRequest[], nowMs: number): Promise<SortedFiles> {
    const old = (request: SftpRequest): boolean => nowMs - request.mtimeMs >= Math.max(HOUR_MS, this.#stableForMs)
    const young = this.#stableForMs === 0 ? [] : requests.filter((request) => !old(request))
    if (young.length === 0) return { settled: requests, waitUntilMs: undefined, operations: [] }
    const store = await this.#core.store()
    const since = await store.getMany<number>(young.map((request) => this.#key(request)))
    const unsettled = new Set<SftpRequest>()
    const operations: KvOperation[] = []
    let waitUntilMs: number | undefined
    for (const [index, request] of young.entries()) {
      const sinceMs = since[index]?.value
      if (sinceMs !== undefined && nowMs - sinceMs >= this.#stableForMs) {
        operations.push({ type: 'delete', key: this.#key(request) })
        continue
      }
      unsettled.add(request)
      if (sinceMs === undefined) {
        operations.push({ type: 'put', key: this.#key(request), value: nowMs, ttlMs: DAY_MS + this.#stableForMs })
        this.#seen.set(request.path, (this.#seen.get(request.path) ?? 0) + 1)
      }
      const dueMs = (sinceMs ?? nowMs) + this.#stableForMs
      if ((this.#seen.get(request.path) ?? 0) <= this.#patience) waitUntilMs = Math.min(waitUntilMs ?? dueMs, dueMs)
    }
    return { settled: requests.filter((request) => !unsettled.has(request)), waitUntilMs, operations }
  }

  #key({ id }: SftpRequest): readonly string[] {
    return this.#core.keys.at('unsettled', id)
  }
}
