import { setTimeout as sleep } from 'node:timers/promises'
import type { Commit, CommitOutcome } from '../driver/driver.js'
import { KvAccessError, KvUnavailableError } from '../errors.js'
import { Deadlines, type Pending } from './deadlines.js'
import { CommitEncoder, type EncodedCommits } from './encode-commits.js'
import {
  type AnyWork,
  type CommitWork,
  callable,
  endOfGroup,
  isCommit,
  isRead,
  type ReadWork,
  rejectAll,
  stillWanted,
} from './queued-work.js'
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
import type { RedisScript } from './scripts.js'

/** How one command, for one or many callers, goes about. */
interface Task {
  /** May be sent again when its answer was lost. */
  readonly isRepeatable: boolean
  /** Sends it and settles the callers; nothing to send if they have all called off. */
  readonly run: () => Promise<void> | undefined
  readonly reject: (error: unknown) => void
}

const PASSING_PAUSE_MS = 50

/**
 * Turns operations into commands: what is asked for in one turn of the event loop travels together, reads as one MGET, commits as one script in which
 * each is whole for itself. Order is kept. Reads are tried again until the deadline; commits only as long as it is certain that they have not happened.
 */
export class CommandQueue {
  readonly front: string
  readonly fixedKeys: readonly string[]
  readonly #connection: RedisConnection
  readonly #settings: RedisSettings
  readonly #encoder: CommitEncoder
  readonly #deadlines: Deadlines
  #queue: AnyWork[] = []

  constructor(connection: RedisConnection, settings: RedisSettings) {
    this.#connection = connection
    this.#settings = settings
    this.fixedKeys = [`${settings.tag}#index`, `${settings.tag}#expiries`, `${settings.tag}#version`]
    this.front = `${settings.tag}:`
    this.#encoder = new CommitEncoder(this.fixedKeys, this.front)
    this.#deadlines = new Deadlines(settings.timeoutMs)
  }

  read(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly (Buffer | undefined)[]> {
    return callable(signal, ({ resolve, reject, isCalledOff }) => {
      this.#add({ type: 'read', keys, resolve, reject, isCalledOff })
    })
  }

  commit(commit: Commit, signal: AbortSignal | undefined): Promise<CommitOutcome> {
    return callable(signal, ({ resolve, reject, isCalledOff }) => {
      this.#add({ type: 'commit', commit, resolve, reject, isCalledOff })
    })
  }

  /** One command that changes nothing anybody would miss. */
  command(args: RedisArguments, signal?: AbortSignal): Promise<unknown> {
    return callable(signal, ({ resolve, reject }) => {
      this.#carryOut({ isRepeatable: true, run: () => this.#connection.send(args).then(resolve), reject })
    })
  }

  /** A script that may be run again when its answer was lost. */
  repeatableScript(
    script: RedisScript,
    keys: RedisArguments,
    argv: RedisArguments,
    signal?: AbortSignal,
  ): Promise<unknown> {
    return callable(signal, ({ resolve, reject }) => {
      this.#carryOut({ isRepeatable: true, run: () => this.#script(script, keys, argv).then(resolve), reject })
    })
  }

  #script({ sha1, source }: RedisScript, keys: RedisArguments, argv: RedisArguments): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...argv]
    return this.#connection.send(['EVALSHA', sha1, ...rest]).catch((error: unknown) => {
      if (replyCode(error) !== 'NOSCRIPT') throw error
      return this.#connection.send(['EVAL', source, ...rest])
    })
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#queue.length > 0) await new Promise((resolve) => setImmediate(resolve))
    await this.#deadlines.idle()
    this.#deadlines.stop()
  }

  #add(work: AnyWork): void {
    this.#queue.push(work)
    if (this.#queue.length === 1) process.nextTick(() => this.#flush())
  }

  #flush(): void {
    const queue = this.#queue
    this.#queue = []
    for (let start = 0; start < queue.length; ) {
      const end = endOfGroup(queue, start)
      const group = end - start === queue.length ? queue : queue.slice(start, end)
      start = end
      const isReads = group[0]?.type === 'read'
      this.#carryOut(isReads ? this.#readTask(group.filter(isRead)) : this.#commitTask(group.filter(isCommit)))
    }
  }

  #readTask(group: readonly ReadWork[]): Task {
    return {
      isRepeatable: true,
      run: () => {
        const live = stillWanted(group)
        const keys = live.flatMap((work) => work.keys.map((key) => this.front + key))
        return keys.length === 0 ? undefined : this.#sendReads(live, keys)
      },
      reject: (error) => rejectAll(group, error),
    }
  }

  #sendReads(live: readonly ReadWork[], keys: readonly string[]): Promise<void> {
    return this.#connection.sendForBytes(['MGET', ...keys]).then((values) => {
      if (!Array.isArray(values)) throw new Error('MGET gave no list')
      let at = 0
      for (const work of live) work.resolve(work.keys.map(() => asBuffer(values[at++])))
    })
  }

  #commitTask(group: readonly CommitWork[]): Task {
    return {
      isRepeatable: false,
      run: () => {
        const live = stillWanted(group)
        return live.length === 0 ? undefined : this.#sendCommits(live, this.#encoder.encode(live))
      },
      reject: (error) => {
        // A full server refused all of them because of one; deletes may still be possible.
        const isFull = error instanceof Error && 'reason' in error && error.reason === 'full'
        if (!isFull || group.length === 1) return rejectAll(group, error)
        for (const work of group) this.#carryOut(this.#commitTask([work]))
      },
    }
  }

  #sendCommits(live: readonly CommitWork[], { script, keys, argv, decode }: EncodedCommits): Promise<void> {
    return this.#script(script, keys, argv).then((reply) => {
      const outcomes = decode(reply)
      live.forEach((work, index) => {
        const outcome = outcomes[index]
        if (outcome instanceof Error) work.reject(outcome)
        else if (outcome !== undefined) work.resolve(outcome)
      })
    })
  }

  /** Sends; what does not succeed at once goes the longer way. */
  #carryOut(task: Task): void {
    const startedMs = performance.now()
    const pending: Pending = { startedMs, overdue: () => task.reject(this.#overdue(task, startedMs)) }
    this.#deadlines.add(pending)
    const first = this.#connection.isReady
      ? task.run()
      : this.#connection.ready(this.#deadlineOf(pending)).then(task.run)
    if (first === undefined) this.#deadlines.remove(pending)
    else
      first.then(
        () => this.#done(pending),
        (error: unknown) => this.#tryAgain(task, pending, error),
      )
  }

  /** Sends when connected, and again as long as that is allowed; never throws. */
  async #tryAgain(task: Task, pending: Pending, firstError: unknown): Promise<void> {
    const deadlineMs = this.#deadlineOf(pending)
    try {
      for (let error = firstError; error !== undefined; ) {
        this.#refuseToRepeat(task, error, deadlineMs)
        await sleep(PASSING_PAUSE_MS)
        await this.#connection.ready(deadlineMs)
        error = await task.run()?.then(
          () => undefined,
          (reason: unknown) => reason,
        )
      }
      this.#done(pending)
    } catch (error) {
      if (this.#deadlines.remove(pending)) task.reject(error)
    }
  }

  #done(pending: Pending): void {
    this.#deadlines.remove(pending)
    this.#connection.heard()
  }

  #deadlineOf({ startedMs }: Pending): number {
    return startedMs + this.#settings.timeoutMs
  }

  /** Throws what the callers get, unless the task can be tried again. */
  #refuseToRepeat({ isRepeatable }: Task, error: unknown, deadlineMs: number): void {
    const { location } = this.#settings
    if (isOurs(error)) throw error
    if (isAccessError(error)) throw accessError(location, error)
    const notSent = error instanceof Error && error.constructor.name === 'ClientOfflineError'
    if (isReply(error) && !isPassing(error)) throw refusal(location, error)
    if (!isReply(error) && !notSent && !isRepeatable) {
      throw unavailable(location, 'disconnected', 'unknown', `the connection was lost: ${messageOf(error)}`, error)
    }
    if (performance.now() + PASSING_PAUSE_MS < deadlineMs) return
    if (isReply(error)) throw refusal(location, error)
    throw unavailable(location, 'disconnected', 'not-applied', messageOf(error), error)
  }

  #overdue({ isRepeatable }: Task, startedMs: number): unknown {
    const { timeoutMs, location } = this.#settings
    const { isReady, lastError } = this.#connection
    this.#connection.suspect(startedMs)
    if (isAccessError(lastError)) return accessError(location, lastError)
    const outcome = !isRepeatable && isReady ? 'unknown' : 'not-applied'
    const problem = isReady ? `no answer within ${timeoutMs} ms` : messageOf(lastError ?? 'no connection')
    return unavailable(location, isReady ? 'timeout' : 'disconnected', outcome, problem, lastError)
  }
}

/** An error that is what the callers get already, from waiting for a connection. */
function isOurs(error: unknown): boolean {
  return error instanceof KvUnavailableError || error instanceof KvAccessError
}

function asBuffer(value: unknown): Buffer | undefined {
  return Buffer.isBuffer(value) ? value : undefined
}
