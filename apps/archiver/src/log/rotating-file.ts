/**
 * The log file. It is for people: losing its last lines in a crash is accepted, so nothing here is synced. It rotates when a line would make it
 * too large or its first line is too old: `archiver.log` becomes `archiver.log.1`, `.1` becomes `.2`, and the oldest is removed. Each line is one
 * appending write, so lines of several processes do not mix; only one process may rotate (see `mayRotate`). A crash in the middle of a rotation
 * leaves a gap in the numbers, and a full disk may leave half a line, which the next process ends before it writes its own.
 */
import { closeSync, fstatSync, renameSync, rmSync, type Stats } from 'node:fs'
import { type LogFile, openLogFile, statIfThere, writeWhole } from './log-file.js'

export interface RotatingFileOptions {
  /** @default 500 MB */
  readonly maxBytes?: number
  /** @default 14 days */
  readonly maxAgeMs?: number
  /** Rotated files that are kept. @default 5 */
  readonly keep?: number
  /** After a failed write, lines are given up for this long before the file is tried again. @default 10 s */
  readonly retryAfterMs?: number
}

export interface RotatingFileDeps {
  readonly now?: () => number
  /** Whether this process is the one that rotates. @default yes */
  readonly mayRotate?: () => boolean
  /** Told once for each time that lines cannot be written; archiving goes on without the file. */
  readonly onError: (error: unknown) => void
  /** The line that says how many were lost, written first when the file works again. @default none */
  readonly describeLoss?: (lines: number) => string
}

const DAY_MS = 86_400_000
export class RotatingFile {
  readonly #path: string
  readonly #options: Required<RotatingFileOptions>
  readonly #deps: RotatingFileDeps
  #file: LogFile | undefined
  #retryAt: number | undefined
  #lost = 0

  constructor(path: string, options: RotatingFileOptions, deps: RotatingFileDeps) {
    this.#path = path
    this.#options = { maxBytes: 500_000_000, maxAgeMs: 14 * DAY_MS, keep: 5, retryAfterMs: 10_000, ...options }
    this.#deps = deps
  }

  write(line: string): void {
    if (this.#retryAt !== undefined && this.#now() < this.#retryAt) {
      this.#lost += 1
      return
    }
    try {
      const loss = this.#lost === 0 ? undefined : this.#deps.describeLoss?.(this.#lost)
      this.#append(`${loss === undefined ? '' : `${loss}\n`}${line}\n`)
      this.#lost = 0
      this.#retryAt = undefined
    } catch (error) {
      const isNew = this.#retryAt === undefined
      this.#lost += 1
      this.#retryAt = this.#now() + this.#options.retryAfterMs
      if (isNew) this.#deps.onError(error)
    }
  }

  /** For after another program has moved the file away: goes on in a new one. A moved or deleted file is noticed without it, too. */
  reopen(): void {
    this.close()
    this.#retryAt = undefined
  }

  close(): void {
    const file = this.#file
    this.#file = undefined
    if (file !== undefined) closeSync(file.descriptor)
  }

  #append(text: string): void {
    const bytes = Buffer.from(text)
    let status = statIfThere(this.#path)
    if (status === undefined || status.ino !== this.#file?.inode || status.dev !== this.#file.device) {
      this.close()
      this.#file = openLogFile(this.#path, this.#now())
      status = fstatSync(this.#file.descriptor)
    }
    if (this.#isFull(this.#file, status, bytes.length)) {
      this.#rotate()
      this.#file = openLogFile(this.#path, this.#now())
    }
    writeWhole(this.#file, bytes)
  }

  #isFull(file: LogFile, status: Stats, more: number): boolean {
    // Empty although it is not new: somebody has copied and truncated it.
    if (status.size === 0) file.bornAt = this.#now()
    if (status.size === 0 || !status.isFile() || this.#deps.mayRotate?.() === false) return false
    return status.size + more > this.#options.maxBytes || this.#now() - file.bornAt > this.#options.maxAgeMs
  }

  #rotate(): void {
    this.close()
    rmSync(`${this.#path}.${this.#options.keep}`, { force: true })
    for (let number = this.#options.keep - 1; number >= 1; number -= 1)
      renameIfThere(`${this.#path}.${number}`, `${this.#path}.${number + 1}`)
    renameIfThere(this.#path, `${this.#path}.1`)
  }

  #now(): number {
    return (this.#deps.now ?? Date.now)()
  }
}

function renameIfThere(from: string, to: string): void {
  if (statIfThere(from) !== undefined) renameSync(from, to)
}
