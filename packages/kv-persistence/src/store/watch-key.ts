import type { StoredEntry } from '../driver/driver.js'
import { KvClosedError } from '../errors.js'
import type { StoreCore } from './store-core.js'

/** Looks at a key after each commit of this process that touches it, and every `watchIntervalMs` for those of others. */
export async function* watchKey<T>(
  core: StoreCore,
  key: string,
  signal: AbortSignal | undefined,
  decode: (entry: StoredEntry) => T,
): AsyncIterableIterator<T | undefined> {
  const driver = core.driver()
  const ended = signal === undefined ? core.closing : AbortSignal.any([signal, core.closing])
  const bell = new Bell()
  const stop = driver.onCommit((keys) => {
    if (keys.includes(key)) bell.ring()
  })
  try {
    let seen: number | null | undefined
    while (!ended.aborted) {
      const [entry] = await driver.read([key], ended)
      const version = entry?.version ?? null
      if (version !== seen) {
        seen = version
        yield entry === undefined ? undefined : decode(entry)
      }
      await bell.wait(driver.watchIntervalMs, ended)
    }
  } catch (error) {
    if (!ended.aborted) throw error
    if (error !== ended.reason && !(error instanceof KvClosedError)) throw error
  } finally {
    stop()
  }
}

/** Remembers a ring until somebody waits for it. */
class Bell {
  #rung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  wait(ms: number, ended: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        ended.removeEventListener('abort', done)
        this.#wake = undefined
        this.#rung = false
        resolve()
      }
      const timer = setTimeout(done, ms)
      if (this.#rung || ended.aborted) return done()
      this.#wake = done
      ended.addEventListener('abort', done, { once: true })
    })
  }
}
