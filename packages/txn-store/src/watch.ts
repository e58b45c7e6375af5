import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import { freezeDeep } from './document/freeze-deep.js'
import { identify } from './file/document-image.js'
import type { FileStorage } from './file/file-storage.js'
import type { JsonObject } from './json.js'

export interface WatchOptions {
  /** Ends the watching without an error. */
  readonly signal?: AbortSignal
  /** Time between two looks for changes that the system does not announce (network mounts), in milliseconds. @default 1000 */
  readonly intervalMs?: number
}

/** The newest state, and again each time that it is another one. States that follow each other quickly may be told as one. */
export async function* watchDocument(
  storage: FileStorage,
  { signal, intervalMs = 1000 }: WatchOptions,
): AsyncGenerator<Readonly<JsonObject>, void, void> {
  const { document, folder, journal } = storage.layout
  const look = (): string => `${identify(document)} ${identify(journal)}`
  const bell = new Bell([dirname(document), folder])
  const onAbort = (): void => bell.ring()
  signal?.addEventListener('abort', onAbort)
  try {
    let told: JsonObject | undefined
    while (!signal?.aborted) {
      const seen = look()
      const { data } = await storage.read()
      if (data !== told) yield freezeDeep(data)
      told = data
      while (!signal?.aborted && look() === seen) await bell.wait(intervalMs)
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    bell.close()
  }
}

/** Rings when something happens in a folder. */
class Bell {
  readonly #watchers: readonly FSWatcher[]
  #ring: () => void = () => undefined

  constructor(folders: readonly string[]) {
    this.#watchers = folders.flatMap((folder) => tryWatch(folder, () => this.ring()))
  }

  ring(): void {
    this.#ring()
  }

  async wait(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ring = resolve
    const timer = setTimeout(resolve, timeoutMs)
    await promise
    clearTimeout(timer)
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close()
  }
}

/** Without announcements (no such folder yet, no watches left) the regular looks find every change, only later. */
function tryWatch(folder: string, onChange: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, onChange)
    watcher.on('error', () => watcher.close())
    return [watcher]
  } catch {
    return []
  }
}
