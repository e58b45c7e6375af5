import type { Commit, CommitOutcome } from '../driver/driver.js'

/** What a caller waits for. */
export interface Work<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
  readonly isCalledOff: () => boolean
}

export interface ReadWork extends Work<readonly (Buffer | undefined)[]> {
  readonly type: 'read'
  readonly keys: readonly string[]
}

export interface CommitWork extends Work<CommitOutcome> {
  readonly type: 'commit'
  readonly commit: Commit
}

export type AnyWork = ReadWork | CommitWork

/** In one script the server does nothing else meanwhile. */
const MAX_COMMITS = 200
const MAX_READ_KEYS = 1000
/** The client makes one text of a command, and the server keeps it whole. */
const MAX_COMMITTED_BYTES = 8 << 20

/** A promise that a signal can call off. */
export function callable<T>(signal: AbortSignal | undefined, start: (work: Work<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal === undefined) return start({ resolve, reject, isCalledOff: never })
    if (signal.aborted) return reject(signal.reason)
    const callOff = (): void => reject(signal.reason)
    const settled = (): void => signal.removeEventListener('abort', callOff)
    signal.addEventListener('abort', callOff, { once: true })
    start({
      isCalledOff: () => signal.aborted,
      resolve: (value) => {
        settled()
        resolve(value)
      },
      reject: (error) => {
        settled()
        reject(error)
      },
    })
  })
}

const never = (): boolean => false

/** Behind the last of those from `start` on that can travel together. */
export function endOfGroup(queue: readonly AnyWork[], start: number): number {
  const type = queue[start]?.type
  let keys = 0
  let bytes = 0
  let end = start
  for (const limit = type === 'commit' ? MAX_COMMITS : MAX_READ_KEYS; end < queue.length; end += 1) {
    const work = queue[end]
    if (work?.type !== type) break
    keys += work?.type === 'read' ? work.keys.length : (work?.commit.changes.length ?? 0)
    if (work?.type === 'commit') bytes += bytesOf(work.commit)
    if (end > start && (keys > limit || bytes > MAX_COMMITTED_BYTES)) break
  }
  return end
}

/** About: text counts its length, in UTF-8 it may be three times as much. */
function bytesOf({ changes }: Commit): number {
  return changes.reduce((sum, change) => sum + ('payload' in change ? change.payload.length : 0), 0)
}

export function isRead(work: AnyWork): work is ReadWork {
  return work.type === 'read'
}

export function isCommit(work: AnyWork): work is CommitWork {
  return work.type === 'commit'
}

export function stillWanted<T extends { readonly isCalledOff: () => boolean }>(group: readonly T[]): readonly T[] {
  return group.some(({ isCalledOff }) => isCalledOff()) ? group.filter(({ isCalledOff }) => !isCalledOff()) : group
}

export function rejectAll(group: readonly AnyWork[], error: unknown): void {
  for (const work of group) work.reject(error)
}
