import type { LockDeps } from './deps.js'
import { LockExistsError, LockFileError, LockTimeoutError } from './errors.js'
import { LockFile } from './lock-file.js'
import type { LockHolder } from './lock-record.js'
import type { Native } from './native.js'
import { WaitingLine } from './waiting-line.js'

/** How to take a lock; every option decided. */
export interface LockRequest {
  readonly shared: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * Take the kernel's lock on the file of this name and return the open file, or throw LockExistsError,
 * LockTimeoutError, LockFileError, or the signal's reason.
 *
 * Waiting is polling: a blocking flock(2) would occupy a thread per waiter and could not be called off. A request
 * with `timeoutMs` 0 does not line up: it asks the kernel once, so that it is refused only when somebody holds the
 * lock, and never because somebody waits.
 */
export async function takeLock(path: string, request: LockRequest, native: Native, deps: LockDeps): Promise<LockFile> {
  const { shared, timeoutMs, signal } = request
  signal?.throwIfAborted()
  const started = deps.monotonicMs()
  for (let reopened = 0; ; reopened += 1) {
    const file = LockFile.open(path, shared, native)
    try {
      const got = timeoutMs === 0 ? file.tryLock(shared) : await wait(file, request, started, native, deps)
      const detached = file.detached()
      if (detached === undefined) {
        if (got) return file
        throw heldError(file, timeoutMs, deps)
      }
      // The name now belongs to another file, and that one is the lock; a lock on this one protects nothing.
      if (detached === 'unreadable' || reopened === MAX_REOPENED) {
        throw new LockFileError(`Failed to lock "${path}": the lock file is ${detached} again and again`, { path })
      }
    } catch (error) {
      file.close()
      throw error
    }
    file.close()
  }
}

/** Wait in line for the lock. False when time is up or the file was taken away. */
async function wait(
  file: LockFile,
  { shared, timeoutMs, signal }: LockRequest,
  started: number,
  native: Native,
  deps: LockDeps,
): Promise<boolean> {
  const line = new WaitingLine(native, file.fd)
  const tryLock = (): boolean => file.tryLock(shared)
  let asideAt = 0
  let headSince: number | undefined
  for (let polls = 0; ; polls += 1) {
    const now = polls === 0 ? started : deps.monotonicMs()
    const timeUp = now - started >= timeoutMs
    if (line.moveUp() || polls === 0) asideAt = now + ASIDE_AFTER_MS * (1 + deps.random() / 2)
    if (line.position === 0 && tryLock()) {
      line.leave()
      return true
    }
    line.settle()
    if (timeUp || (line.isOrdered && now >= asideAt)) {
      if (line.stepAside(tryLock)) return true
      asideAt = now + ASIDE_AFTER_MS * (1 + deps.random() / 2)
    }
    if (timeUp || (polls > 0 && file.detached() !== undefined)) return false
    if (line.isOrdered && line.position === 0) headSince ??= now
    const isNext = headSince !== undefined && now - headSince < NEXT_FOR_MS
    const delay = isNext ? NEXT_POLL_MS : pollDelayMs(line, now - started, deps.random())
    await deps.sleep(Math.min(delay, Math.max(started + timeoutMs - now, 0)), signal)
  }
}

/**
 * A waiter whose place has not changed for this long asks for the lock out of line (and again each time this long
 * passes): whoever is in front may be stopped, or busy with something that keeps its event loop from turning.
 */
const ASIDE_AFTER_MS = 150
/** A free lock is noticed by the head within this time, however long it has waited. */
const MAX_POLL_MS = 20
const MAX_REOPENED = 100

/** Short at first, because most locks are held for a moment, then a small part of the time waited so far. */
function pollDelayMs(line: WaitingLine, waitedMs: number, random: number): number {
  const base = Math.min(MAX_POLL_MS, Math.max(1, waitedMs / 100))
  if (!line.isOrdered) return base * (0.5 + random)
  return line.position < NEAR_PLACES ? base : base + 4 * random
}

/** Who has just become the head looks this often for this long: where turns are short, they would otherwise be shorter than the pauses between them. */
const NEXT_POLL_MS = 0.2
const NEXT_FOR_MS = 3

/** Waiters this close to the head keep up with it, so that the lock does not lie idle between two of them. */
const NEAR_PLACES = 4

function heldError(file: LockFile, timeoutMs: number, deps: LockDeps): LockExistsError {
  const { path } = file
  const holder = readHolder(file, deps)
  const who = holder === undefined ? 'a program that does not say who it is' : describeHolder(holder, deps)
  const advice =
    holder === undefined
      ? `find it with: fuser -v "${path}"`
      : holder.pid === deps.pid && holder.host === deps.host
        ? 'release the first lock before taking it again'
        : 'wait until it ends, or stop it'
  const end = `${advice}; do not delete the file, the kernel frees the lock when its holder ends`
  if (timeoutMs === 0) return new LockExistsError(`Lock "${path}" is held by ${who}; ${end}`, { path, holder })
  const message = `Lock "${path}" was still held after ${timeoutMs} ms by ${who}; ${end}`
  return new LockTimeoutError(message, { path, holder, timeoutMs })
}

function readHolder(file: LockFile, deps: LockDeps): LockHolder | undefined {
  const { holder, state } = file.read()
  if (holder === undefined || state === 'released') return undefined
  // Text that a dead process left behind says nothing about the one that holds the lock now.
  return holder.host === deps.host && !isAlive(holder.pid) ? undefined : holder
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function describeHolder(holder: LockHolder, deps: LockDeps): string {
  const itself = holder.pid === deps.pid && holder.host === deps.host ? ' (this process itself)' : ''
  const host = holder.host === undefined ? '' : ` on ${holder.host}`
  const since = holder.since === undefined ? '' : ` since ${holder.since}`
  const command = holder.command === undefined ? '' : ` (${holder.command})`
  const note = holder.note === undefined ? '' : `, which says "${holder.note}"`
  return `process ${holder.pid}${itself}${host}${since}${command}${note}`
}
