import { setTimeout as sleep } from 'node:timers/promises'
import type { Commit, CommitOutcome } from '../driver/driver.js'
import { decodeOutcomes, encodeCommits } from './encode-commits.js'
import type { RedisArguments, RedisConnection } from './redis-connection.js'
import {
  accessError,
  isAccessError,
  isPassing,
  isReply,
  messageOf,
  refusal,
  replyCode,
  unavailable,
} from './redis-error.js'
import type { RedisSettings } from './redis-settings.js'
import { COMMIT, type RedisScript } from './scripts.js'

interface Work<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
  isOver: boolean
}

interface ReadWork extends Work<readonly (Buffer | undefined)[]> {
  readonly type: 'read'
  readonly keys: readonly string[]
}

interface CommitWork extends Work<CommitOutcome> {
  readonly type: 'commit'
  readonly commit: Commit
}

type AnyWork = ReadWork | CommitWork

/** In one script the server does nothing else meanwhile. */
const MAX_COMMITS = 200
const MAX_READ_KEYS = 1000
const PASSING_PAUSE_MS = 50

/**
 * Turns operations into commands: what is asked for in one turn of the event loop travels together, reads as one MGET, commits as one script in which
 * each is whole for itself. Order is kept. Reads are tried again until the deadline; commits only as long as it is certain that they have not happened.
 */
export class CommandQueue {
  readonly #connection: RedisConnection
  readonly #settings: RedisSettings
  readonly #fixedKeys: readonly string[]
  readonly #front: string
  readonly #running: Set<Promise<void>> = new Set()
  #queue: AnyWork[] = []

  constructor(connection: RedisConnection, settings: RedisSettings) {
    this.#connection = connection
    this.#settings = settings
    this.#fixedKeys = [`${settings.tag}#index`, `${settings.tag}#expiries`, `${settings.tag}#version`]
    this.#front = `${settings.tag}:`
  }

  read(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly (Buffer | undefined)[]> {
    return this.#add<readonly (Buffer | undefined)[]>(signal, (work) => ({ ...work, type: 'read', keys }))
  }

  commit(commit: Commit, signal: AbortSignal | undefined): Promise<CommitOutcome> {
    return this.#add<CommitOutcome>(signal, (work) => ({ ...work, type: 'commit', commit }))
  }

  /** One command that changes nothing anybody would miss. */
  async command(args: RedisArguments, signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted()
    return this.#untilDeadline(
      (deadlineMs) => this.#retrying(() => this.#connection.send(args), true, deadlineMs),
      'read',
    )
  }

  async script({ sha1, source }: RedisScript, keys: RedisArguments, argv: RedisArguments): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...argv]
    try {
      return await this.#connection.send(['EVALSHA', sha1, ...rest])
    } catch (error) {
      if (replyCode(error) !== 'NOSCRIPT') throw error
      return this.#connection.send(['EVAL', source, ...rest])
    }
  }

  get front(): string {
    return this.#front
  }

  get fixedKeys(): readonly string[] {
    return this.#fixedKeys
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#queue.length > 0 || this.#running.size > 0) {
      await Promise.all(this.#running)
      if (this.#queue.length > 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #add<T>(signal: AbortSignal | undefined, make: (work: Work<T>) => AnyWork): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const callOff = (): void => work.reject(signal?.reason)
      const over = (): void => {
        work.isOver = true
        signal?.removeEventListener('abort', callOff)
      }
      const work = make({
        isOver: false,
        resolve: (value) => {
          over()
          resolve(value)
        },
        reject: (error) => {
          over()
          reject(error)
        },
      })
      signal?.addEventListener('abort', callOff, { once: true })
      this.#queue.push(work)
      if (this.#queue.length === 1) process.nextTick(() => this.#flush())
    })
  }

  #flush(): void {
    const queue = this.#queue
    this.#queue = []
    for (let start = 0; start < queue.length; ) {
      const end = endOfGroup(queue, start)
      const group = queue.slice(start, end)
      start = end
      const reads = group.filter((work) => work.type === 'read')
      const running =
        reads.length > 0 ? this.#runReads(reads) : this.#runCommits(group.filter((work) => work.type === 'commit'))
      this.#running.add(running)
      running.finally(() => this.#running.delete(running))
    }
  }

  async #runReads(group: readonly ReadWork[]): Promise<void> {
    try {
      await this.#untilDeadline(async (deadlineMs) => {
        const live = group.filter(({ isOver }) => !isOver)
        const keys = live.flatMap((work) => work.keys.map((key) => this.#front + key))
        if (keys.length === 0) return
        const values = await this.#retrying(() => this.#connection.send(['MGET', ...keys]), true, deadlineMs)
        if (!Array.isArray(values)) throw new Error('MGET gave no list')
        let at = 0
        for (const work of live) {
          work.resolve(work.keys.map(() => asBuffer(values[at++])))
        }
      }, 'read')
    } catch (error) {
      for (const work of group) work.reject(error)
    }
  }

  async #runCommits(group: readonly CommitWork[]): Promise<void> {
    try {
      await this.#untilDeadline(async (deadlineMs) => {
        const outcomes = await this.#retrying(() => this.#sendCommits(group), false, deadlineMs)
        for (const [work, outcome] of outcomes) work.resolve(outcome)
      }, 'commit')
    } catch (error) {
      // A full server refused all of them because of one; deletes may still be possible.
      const isFull = error instanceof Error && 'reason' in error && error.reason === 'full'
      if (isFull && group.length > 1) await Promise.all(group.map((work) => this.#runCommits([work])))
      else for (const work of group) work.reject(error)
    }
  }

  async #sendCommits(group: readonly CommitWork[]): Promise<readonly (readonly [CommitWork, CommitOutcome])[]> {
    const live = group.filter(({ isOver }) => !isOver)
    if (live.length === 0) return []
    const commits = live.map(({ commit }) => commit)
    const { keys, argv } = encodeCommits(commits, this.#fixedKeys, this.#front)
    const outcomes = decodeOutcomes(await this.script(COMMIT, keys, argv), commits)
    return live.flatMap((work, index) => {
      const outcome = outcomes[index]
      return outcome === undefined ? [] : [[work, outcome] as const]
    })
  }

  /** Sends when connected, and again as long as that is allowed. */
  async #retrying<T>(send: () => Promise<T>, isRepeatable: boolean, deadlineMs: number): Promise<T> {
    const { location } = this.#settings
    for (;;) {
      await this.#connection.ready(deadlineMs)
      try {
        return await send()
      } catch (error) {
        if (isAccessError(error)) throw accessError(location, error)
        const notSent = error instanceof Error && error.constructor.name === 'ClientOfflineError'
        if (isReply(error) && !isPassing(error)) throw refusal(location, error)
        if (!isReply(error) && !notSent && !isRepeatable) {
          throw unavailable(location, 'disconnected', 'unknown', `the connection was lost: ${messageOf(error)}`, error)
        }
        if (performance.now() + PASSING_PAUSE_MS > deadlineMs) throw refusal(location, error)
      }
      await sleep(PASSING_PAUSE_MS)
    }
  }

  #untilDeadline<T>(work: (deadlineMs: number) => Promise<T>, type: AnyWork['type']): Promise<T> {
    const { timeoutMs, location } = this.#settings
    const startedMs = performance.now()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const { isReady, lastError } = this.#connection
        const outcome = type === 'commit' && isReady ? 'unknown' : 'not-applied'
        const reason = isReady ? 'timeout' : 'disconnected'
        const problem = isReady ? `no answer within ${timeoutMs} ms` : messageOf(lastError ?? 'no connection')
        reject(
          isAccessError(lastError)
            ? accessError(location, lastError)
            : unavailable(location, reason, outcome, problem, lastError),
        )
        this.#connection.suspect(startedMs)
      }, timeoutMs)
      work(startedMs + timeoutMs)
        .then(resolve, reject)
        .finally(() => clearTimeout(timer))
    })
  }
}

/** Behind the last of those from `start` on that can travel together. */
function endOfGroup(queue: readonly AnyWork[], start: number): number {
  const type = queue[start]?.type
  let keys = 0
  let end = start
  for (const limit = type === 'commit' ? MAX_COMMITS : MAX_READ_KEYS; end < queue.length; end += 1) {
    const work = queue[end]
    if (work?.type !== type) break
    keys += work?.type === 'read' ? work.keys.length : (work?.commit.changes.length ?? 0)
    if (end > start && keys > limit) break
  }
  return end
}

function asBuffer(value: unknown): Buffer | undefined {
  return Buffer.isBuffer(value) ? value : undefined
}
