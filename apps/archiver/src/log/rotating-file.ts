/**
 * The log file. It is for people: losing its last lines in a crash is accepted, so nothing here is synced. It rotates when a line would make it
 * too large or its first line is too old: `archiver.log` becomes `archiver.log.1`, `.1` becomes `.2`, and the oldest is removed.
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface RotatingFileOptions {
  /** @default 500 MB */
  readonly maxBytes?: number
  /** @default 14 days */
  readonly maxAgeMs?: number
  /** Rotated files that are kept. @default 5 */
  readonly keep?: number
}

export interface RotatingFileDeps {
  readonly now?: () => number
  /** Told once when a line could not be written; archiving goes on without the file. */
  readonly onError: (error: unknown) => void
}

const DAY_MS = 86_400_000

export class RotatingFile {
  readonly #path: string
  readonly #options: Required<RotatingFileOptions>
  readonly #deps: RotatingFileDeps
  #descriptor: number | undefined
  #size = 0
  #bornAt = 0
  #broken = false

  constructor(path: string, options: RotatingFileOptions, deps: RotatingFileDeps) {
    this.#path = path
    this.#options = { maxBytes: 500_000_000, maxAgeMs: 14 * DAY_MS, keep: 5, ...options }
    this.#deps = deps
  }

  write(line: string): void {
    if (this.#broken) return
    try {
      const bytes = Buffer.from(`${line}\n`)
      let descriptor = this.#descriptor ?? this.#open()
      if (this.#isFull(bytes.length)) {
        this.#rotate()
        descriptor = this.#open()
      }
      writeSync(descriptor, bytes)
      this.#size += bytes.length
    } catch (error) {
      this.#broken = true
      this.#deps.onError(error)
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true })
    this.#descriptor = openSync(this.#path, 'a')
    const status = fstatSync(this.#descriptor)
    this.#size = status.size
    this.#bornAt = status.size === 0 ? this.#now() : status.birthtimeMs
    return this.#descriptor
  }

  #isFull(more: number): boolean {
    if (this.#size === 0) return false
    return this.#size + more > this.#options.maxBytes || this.#now() - this.#bornAt > this.#options.maxAgeMs
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
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to)
}
