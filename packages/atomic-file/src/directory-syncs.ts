import type { AtomicFileDeps } from './file-system.js'
import { syncDirectory } from './sync-directory.js'

/**
 * Syncs of folders for many who change them at the same time: those who ask while one sync goes on share the next. A sync that has begun may be too
 * early for a name that was given meanwhile, so nobody joins it.
 *
 * @example
 * const syncs = new DirectorySyncs()
 * await Promise.all(bundles.map((bundle) => publish(bundle, { directorySyncs: syncs })))
 */
export class DirectorySyncs {
  readonly #running: Map<string, Promise<void>> = new Map()
  readonly #waiting: Map<string, Promise<void>> = new Map()

  /** As `syncDirectory`. */
  sync(path: string, deps?: AtomicFileDeps): Promise<void> {
    const running = this.#running.get(path)
    if (running === undefined) return this.#begin(path, deps)
    const next =
      this.#waiting.get(path) ??
      running
        .catch(() => undefined)
        .then(() => {
          this.#waiting.delete(path)
          return this.#begin(path, deps)
        })
    this.#waiting.set(path, next)
    return next
  }

  #begin(path: string, deps: AtomicFileDeps | undefined): Promise<void> {
    const work = syncDirectory(path, deps)
    this.#running.set(path, work)
    const ended = (): void => {
      if (this.#running.get(path) === work) this.#running.delete(path)
    }
    work.then(ended, ended)
    return work
  }
}
