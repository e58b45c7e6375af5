/** The thread that writes the copy of a document: see `replica.ts`. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { diff } from './diff.js'
import { StateReadError } from './errors.js'
import type { FileStorage } from './file/file-storage.js'
import type { JsonObject } from './json.js'
import { openFileStorage } from './open-storage.js'
import type { ReplicaReport, ReplicaTask } from './replica.js'
import type { StorageSession } from './storage.js'

const { source, target, retryMs, files } = workerData as ReplicaTask
const LOCK_TIMEOUT_MS = 10_000

class Copier {
  /** The number of the newest commit that the store has told of. */
  #told = 0
  #isBusy = false
  #retry: NodeJS.Timeout | undefined
  #storages: Promise<readonly [FileStorage, FileStorage]> | undefined

  tell(commits: number): void {
    this.#told = commits
    void this.run()
  }

  async run(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    clearTimeout(this.#retry)
    try {
      for (let done = -1; done !== this.#told; ) {
        const commits = this.#told
        await this.#copy()
        done = commits
        report({ kind: 'synced', commits })
      }
    } catch (error) {
      report({ kind: 'failed', error: error instanceof Error ? error.message : String(error) })
      this.#retry = setTimeout(() => void this.run(), retryMs)
    } finally {
      this.#isBusy = false
    }
  }

  async #copy(): Promise<void> {
    this.#storages ??= Promise.all([openFileStorage(source, files), openFileStorage(target, files)])
    const [from, to] = await this.#storages
    // A share that is not mounted must not be replaced by a folder on this disk.
    if (!existsSync(dirname(target))) throw new Error(`the folder '${dirname(target)}' does not exist`)
    const session = await to.acquire({ timeoutMs: LOCK_TIMEOUT_MS })
    try {
      const { before, isDamaged } = await readForReplacement(session)
      // Read under the copy's lock: what another process copied before is never newer than this.
      const { data, exists } = await from.read()
      const patch = diff(before, data)
      if (!exists || (patch.length === 0 && !isDamaged)) return
      const entry = { kind: 'commit', operation: 'replicate', label: undefined, durationMs: 0, patch } as const
      await session.commit({ data, entries: [{ ...entry, startedAt: Date.now(), details: { source } }] })
    } finally {
      await session.release()
    }
  }
}

/** A damaged copy is as good as none: it is set aside and made anew. */
async function readForReplacement(session: StorageSession): Promise<{ before: JsonObject; isDamaged: boolean }> {
  try {
    return { before: (await session.read()).data, isDamaged: false }
  } catch (error) {
    if (error instanceof StateReadError) return { before: {}, isDamaged: true }
    throw error
  }
}

function report(message: ReplicaReport): void {
  parentPort?.postMessage(message)
}

const copier = new Copier()
parentPort?.on('message', (commits: number) => copier.tell(commits))
void copier.run()
