import { type FSWatcher, watch } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '../log/logger.js'

const LOOK_EVERY_MS = 250

/**
 * Notices run folders that appear. Where the file system cannot tell (network disks, no watches left), nothing is noticed, and the interval alone brings
 * the next execution.
 */
export class NewRecords implements Disposable {
  readonly #recordsDir: string
  readonly #watcher: FSWatcher | undefined
  readonly #appeared = new Set<string>()
  #wake: (() => void) | undefined

  /** Begins to look. What appears from now on is noticed, also before `settled` is called. */
  constructor(recordsDir: string, logger: Logger) {
    this.#recordsDir = recordsDir
    const give = (error: unknown): void => {
      const reason = error instanceof Error ? error.message : String(error)
      logger.debug(`New run records are not noticed at once: ${reason}`)
    }
    try {
      this.#watcher = watch(recordsDir, (event, name) => {
        if (event !== 'rename' || name === null || !/^[0-9]+$/.test(name)) return
        this.#appeared.add(name)
        this.#wake?.()
      })
      this.#watcher.on('error', give)
    } catch (error) {
      give(error)
    }
  }

  /**
   * Resolves when a run folder has appeared and nothing in the folders that appeared has changed for `quietMs`.
   *
   * @throws the reason of `signal`
   */
  async settled(quietMs: number, signal: AbortSignal): Promise<void> {
    let [seen, unchangedSince] = ['', performance.now()]
    for (;;) {
      signal.throwIfAborted()
      if (this.#appeared.size === 0) await this.#nextAppearance(signal)
      const now = await this.#look()
      if (now !== seen) [seen, unchangedSince] = [now, performance.now()]
      else if (seen !== '' && performance.now() - unchangedSince >= quietMs) return
      await pause(Math.min(LOOK_EVERY_MS, quietMs), undefined, { signal })
    }
  }

  [Symbol.dispose](): void {
    this.#watcher?.close()
  }

  #nextAppearance(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#wake = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
    })
  }

  /** Names, sizes and times of all that is in the new folders; empty when they went away again. */
  async #look(): Promise<string> {
    const seen: string[] = []
    for (const name of this.#appeared) {
      const entries = await readdir(join(this.#recordsDir, name), { recursive: true }).catch(() => undefined)
      if (entries === undefined) this.#appeared.delete(name)
      for (const entry of ['', ...(entries ?? [])]) {
        const status = await stat(join(this.#recordsDir, name, entry)).catch(() => undefined)
        if (status !== undefined) seen.push(`${name}/${entry} ${status.size} ${status.mtimeMs}`)
      }
    }
    return seen.join('\n')
  }
}
