/**
 * The history: `.pipeline/transactions.log` and what was rotated out of it. Lines are only ever added; a record that turned out not to have happened is
 * named by a later one (`undone`). Source of truth about what happened is the document together with this file, see `settle.ts`.
 * A crash can leave a last line without its line feed, which is cut before the next append. Processes take turns under `guard`: flock(2) on the file itself,
 * which nobody frees by deleting a lock file.
 */
import { readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type AppendFile, errorCode, makeDirectory, openAppendFile, writeFileAtomic } from '@holdfast/atomic-file'
import { lockDescriptor } from '@holdfast/lock'
import { openForReading } from '../open-for-reading.js'
import type { AcquireOptions } from '../storage.js'
import { type ChainedLine, makesState, parseLine, type RecordFields } from './audit-record.js'
import type { ResolvedDeps } from './deps.js'
import { identify } from './document-image.js'
import type { Layout } from './layout.js'
import { type RotationOptions, rotateLog } from './log-rotation.js'
import { type FoundLine, readLinesBackwards } from './read-lines-backwards.js'

/** What the end of the history tells. */
export interface LogTail {
  /** Length of the file up to the last whole line, in bytes. */
  readonly size: number
  /** Of the newest line of ours; the next one carries it. */
  readonly hash: string | null
  /** The newest sequence number, whether it happened or not. */
  readonly seq: number
  /** The newest token; 0 before there is any. */
  readonly token: number
  /** The newest record that tells what the document's bytes are. */
  readonly state: RecordFields | undefined
  /** States made by the commit that `state` ends (or by no commit that ended), by sequence number. */
  readonly group: readonly number[]
  /** States whose commit has no last record: a torn append. */
  readonly unfinished: readonly number[]
}

const EMPTY: LogTail = { size: 0, hash: null, seq: 0, token: 0, state: undefined, group: [], unfinished: [] }

export class AuditLog {
  readonly path: string
  readonly #document: string
  readonly #rotation: RotationOptions
  readonly #deps: ResolvedDeps
  #file: AppendFile | undefined
  #tail: LogTail | undefined
  /** Resolves when the newest turn of this store has left the guard. */
  #guarded: Promise<void> = Promise.resolve()

  constructor(layout: Layout, rotation: RotationOptions, deps: ResolvedDeps) {
    this.path = layout.log
    this.#document = layout.document
    this.#rotation = rotation
    this.#deps = deps
  }

  /** Keeps everybody else from committing until the returned function is called. @throws LockTimeoutError, AtomicFileError */
  async guard(options: AcquireOptions): Promise<() => void> {
    // Two turns of one store have the same descriptor, which does not exclude itself: they get here together when the lock file was deleted.
    const before = this.#guarded
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#guarded = promise
    await before
    try {
      const unlock = await this.#lock(options)
      return () => {
        unlock()
        resolve()
      }
    } catch (error) {
      resolve()
      throw error
    }
  }

  async #lock(options: AcquireOptions): Promise<() => void> {
    for (;;) {
      const file = this.#file ?? (await this.#open())
      const unlock = await lockDescriptor(file.fd, this.path, options)
      if (unlock !== undefined) return unlock
      await this.#forget()
    }
  }

  /** The end of the history as it is now; a torn last line is cut. To be called under the guard. */
  async tail(): Promise<LogTail> {
    const file = this.#file ?? (await this.#open())
    const size = file.refresh()
    if (this.#tail?.size !== size) {
      const newer = this.#tail === undefined ? undefined : readNewer(file.fd, this.#tail, size)
      if (newer !== undefined) {
        this.#tail = newer
        return newer
      }
      const { tail, torn } = await readTail(this.path)
      if (torn) await file.truncate(tail.size)
      this.#tail = tail
    }
    return this.#tail
  }

  /** Whether somebody else has added to the history since this tail. To be called under the guard. */
  isCurrent(tail: LogTail): boolean {
    return this.#file !== undefined && this.#tail === tail && this.#file.refresh() === tail.size
  }

  /** Adds lines, durably. To be called under the guard. */
  async append(lines: readonly ChainedLine[], records: readonly RecordFields[]): Promise<void> {
    const file = this.#file ?? (await this.#open())
    const before = this.#tail ?? (await this.tail())
    this.#tail = undefined
    await file.append(lines.map(({ text }) => `${text}\n`).join(''))
    this.#tail = advance(before, file.size, lines, records)
  }

  /** Begins a new file when this one is large enough. To be called under the guard, after a commit. Failing is no error: it is tried again. */
  async rotate(): Promise<void> {
    const tail = this.#tail
    if (tail === undefined || tail.size < this.#rotation.maxBytes) return
    if (await rotateLog(this.path, tail, this.#rotation, this.#deps)) await this.#forget()
  }

  async close(): Promise<void> {
    await this.#forget()
  }

  async #open(): Promise<AppendFile> {
    if (identify(this.path) === undefined) await this.#create()
    this.#file = await openAppendFile(this.path, this.#deps.files)
    this.#tail = undefined
    return this.#file
  }

  /** Those who may not read the document must not read its changes either. */
  async #create(): Promise<void> {
    await makeDirectory(dirname(this.path), {}, this.#deps.files)
    const mode = statSync(this.#document, { throwIfNoEntry: false })?.mode
    try {
      const options = mode === undefined ? {} : { mode: mode & 0o666 }
      await writeFileAtomic(this.path, '', { overwrite: false, ...options }, this.#deps.files)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
  }

  async #forget(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    this.#tail = undefined
    await file?.close()
  }
}

/** What others added to the file of which `known` was the end. `undefined` unless it is a few whole lines: then the file is looked at anew. */
function readNewer(fd: number, known: LogTail, size: number): LogTail | undefined {
  const added = size - known.size
  if (added <= 0 || added > MAX_NEWER_BYTES) return undefined
  const bytes = Buffer.allocUnsafe(added)
  if (readSync(fd, bytes, 0, added, known.size) !== added || bytes[added - 1] !== LINE_FEED) return undefined
  const parsed = bytes
    .toString('utf8', 0, added - 1)
    .split('\n')
    .map(parseLine)
  const ours = parsed.flatMap(({ record, hash, prev }) => (hash === undefined ? [] : [{ record, hash, prev }]))
  // Lines that do not follow those known are of another file, or were put there by hand.
  if (ours[0] !== undefined && ours[0].prev !== known.hash) return undefined
  return advance(
    known,
    size,
    ours,
    ours.map(({ record }) => record),
  )
}

/** Some turns of other processes. */
const MAX_NEWER_BYTES = 64 * 1024
const LINE_FEED = 0x0a

/** Reads the end of a history without changing it; a missing file is an empty one. */
export async function readTail(path: string): Promise<{ readonly tail: LogTail; readonly torn: boolean }> {
  try {
    await using handle = await openForReading(path)
    return await scan(readLinesBackwards(handle, (await handle.stat()).size))
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    return { tail: EMPTY, torn: false }
  }
}

async function scan(lines: AsyncIterable<FoundLine>): Promise<{ readonly tail: LogTail; readonly torn: boolean }> {
  let size: number | undefined
  let torn = false
  let newest: { hash: string; seq: number; token: number } | undefined
  let state: RecordFields | undefined
  const group: number[] = []
  const unfinished: number[] = []
  for await (const line of lines) {
    if (!line.complete) {
      size = line.start
      torn = true
      continue
    }
    size ??= line.end
    const { record, hash } = parseLine(line.text)
    if (hash === undefined) continue
    const { seq = 0, token = 0 } = record
    newest ??= { hash, seq, token }
    if ('sha256' in record) {
      if (state !== undefined) break
      state = record
    }
    if (makesState(record)) (state === undefined ? unfinished : group).push(seq)
  }
  const { hash = null, seq = 0, token = 0 } = newest ?? {}
  return { tail: { size: size ?? 0, hash, seq, token, state, group, unfinished }, torn }
}

function advance(
  before: LogTail,
  size: number,
  lines: readonly Pick<ChainedLine, 'hash'>[],
  records: readonly RecordFields[],
): LogTail {
  let { hash, seq, token, state, group, unfinished } = before
  lines.forEach((line, index) => {
    const record = records[index]
    if (record === undefined) return
    hash = line.hash
    seq = record.seq ?? seq
    token = record.token ?? token
    if (makesState(record)) unfinished = [...unfinished, seq]
    if (!('sha256' in record)) return
    state = record
    group = unfinished
    unfinished = []
  })
  return { size, hash, seq, token, state, group, unfinished }
}
