import { debuglog } from 'node:util'
import type { KvDriver } from './driver.js'

/**
 * With `NODE_DEBUG=holdfast-kv` every operation is told on stderr: what, which keys, how long, how it ended. Never values, which may be secret.
 * Without it the driver itself comes back.
 */
export function tellOperations(driver: KvDriver): KvDriver {
  const log = debuglog('holdfast-kv')
  if (!log.enabled) return driver
  const tell = async <T>(what: string, work: Promise<T>, end: (result: T) => string): Promise<T> => {
    const startedMs = performance.now()
    const say = (how: string): void =>
      log(`${driver.backend} ${driver.location} ${what}: ${how} in ${(performance.now() - startedMs).toFixed(1)} ms`)
    try {
      const result = await work
      say(end(result))
      return result
    } catch (error) {
      say(String(error))
      throw error
    }
  }
  const found = (what: unknown): string => (what === undefined ? 'absent' : 'there')
  return {
    backend: driver.backend,
    location: driver.location,
    watchIntervalMs: driver.watchIntervalMs,
    read: (keys, signal) =>
      tell(`read ${keys.join(' ')}`, driver.read(keys, signal), (entries) => entries.map(found).join(' ')),
    commit: (commit, signal) => {
      const changes = commit.changes.map(({ type, key }) => `${type} ${key}`)
      return tell(changes.join(', '), driver.commit(commit, signal), ({ status }) => status)
    },
    page: (query, signal) =>
      tell(
        `page from '${query.start}' to '${query.end ?? ''}'`,
        driver.page(query, signal),
        (entries) => `${entries.length} entries`,
      ),
    timeLeft: (key, signal) => tell(`ttl of ${key}`, driver.timeLeft(key, signal), found),
    now: (signal) => driver.now(signal),
    onCommit: (listener) => driver.onCommit(listener),
    close: () => tell('close', driver.close(), () => 'done'),
  }
}
