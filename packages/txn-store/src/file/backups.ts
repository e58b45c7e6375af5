/**
 * The states that commits replaced, `backups/<stem>_YYYYMMDD_HHMMSS_microseconds.json.bak`, in UTC. Order and age come from the names alone. Each is a
 * hard link of a file that was a committed state, or a compressed copy of one (`.gz`, `.zst`). A crash can leave as many more than the limit as are removed
 * at a time, or the plain file beside its compressed copy; the next rotation removes both.
 */
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { errorCode, keepBackup, makeDirectory, removeFile, writeFileAtomic } from '@holdfast/atomic-file'
import { type CompressionAlgorithm, compress, compressionSuffix } from '../compression.js'
import type { ResolvedDeps } from './deps.js'
import { readWhole } from './document-image.js'
import { backupAffixes, type Layout } from './layout.js'
import { modeOf } from './mode-of.js'

export interface RetentionOptions {
  /** Number of backups to keep; 0 keeps none. */
  readonly maxBackups: number
  /** Age beyond which backups go, in milliseconds. */
  readonly maxAgeMs: number | undefined
  /** Compresses all but the newest `keepPlain`. */
  readonly compression: { readonly algorithm: CompressionAlgorithm; readonly keepPlain: number } | undefined
}

interface Backup {
  readonly name: string
  /** When the state was replaced, microseconds since the epoch. */
  readonly micros: number
}

export class Backups {
  readonly #layout: Layout
  readonly #retention: RetentionOptions
  readonly #deps: ResolvedDeps
  /** Newest first; `undefined` when others may have changed the folder. */
  #known: Backup[] | undefined
  /** Plain files that have a compressed copy already. */
  #surplus: string[] = []
  #tidying: Promise<void> = Promise.resolve()
  /** Commits since the last tidying. */
  #untidied = 0
  /** Set while there is something to tidy up. */
  #timer: NodeJS.Timeout | undefined
  readonly #onWarning: (error: unknown) => void

  constructor(layout: Layout, retention: RetentionOptions, deps: ResolvedDeps, onWarning: (error: unknown) => void) {
    this.#onWarning = onWarning
    this.#layout = layout
    this.#retention = retention
    this.#deps = deps
  }

  /** The folder may have changed: another process has committed. */
  forget(): void {
    this.#known = undefined
  }

  /** Absolute paths, newest first. */
  async list(): Promise<string[]> {
    await this.close()
    return (await this.#read()).map(({ name }) => join(this.#layout.backups, name))
  }

  /** When the state in this backup was replaced, microseconds since the epoch. `undefined` for other files. */
  microsOf(path: string): number | undefined {
    const stamp = this.#stampOf(basename(path))
    return stamp === undefined ? undefined : microsOfStamp(stamp)
  }

  /** A name newer than every other, for `keep`, in a folder that is there. */
  async nextPath(): Promise<string> {
    if (!existsSync(this.#layout.backups)) {
      await makeDirectory(this.#layout.backups, {}, this.#deps.files)
      this.#known = undefined
    }
    this.#known ??= await this.#read()
    const newest = this.#known[0]?.micros ?? 0
    const micros = Math.max(newest + 1, this.#deps.now() * 1000)
    const { prefix, suffix } = backupAffixes(this.#layout)
    return join(this.#layout.backups, `${prefix}${stampOf(micros)}${suffix}`)
  }

  /** Keeps the document as it is now under this name. Durable once the folder is synced. */
  async keep(path: string): Promise<void> {
    if (this.#untidied >= TIDY_AT_ONCE) this.#tidy()
    await keepBackup(this.#layout.document, path, { durable: false }, this.#deps.files)
    this.#known?.unshift({ name: basename(path), micros: this.microsOf(path) ?? 0 })
  }

  /** Keeps these bytes under this name. Durable on return. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await writeFileAtomic(path, bytes, modeOf(this.#layout.document), this.#deps.files)
    this.#known?.unshift({ name: basename(path), micros: this.microsOf(path) ?? 0 })
  }

  /** Takes back a backup whose commit failed. */
  async discard(path: string): Promise<void> {
    this.#known = undefined
    await removeFile(path, { durable: false }, this.#deps.files)
  }

  /**
   * Has what is beyond number and age removed: beside a later commit, or else in a moment. Several at a time, because the file system makes a commit
   * wait for what it has to remove. Those who look at the backups see it done.
   */
  rotate(): void {
    this.#untidied += 1
    this.#timer ??= setTimeout(() => this.#tidy(), TIDY_DELAY_MS).unref()
  }

  /** Waits for the tidying. */
  async close(): Promise<void> {
    this.#tidy()
    await this.#tidying
  }

  #tidy(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#untidied = 0
    this.#tidying = this.#tidying.then(() => this.#rotate()).catch(this.#onWarning)
  }

  async #rotate(): Promise<void> {
    const { maxBackups, maxAgeMs } = this.#retention
    const known = this.#known ?? (await this.#read())
    const oldest = maxAgeMs === undefined ? 0 : (this.#deps.now() - maxAgeMs) * 1000
    const isKept = ({ micros }: Backup, index: number): boolean => index < maxBackups && micros >= oldest
    const kept = known.filter(isKept)
    const gone = known.filter((backup, index) => !isKept(backup, index)).map(({ name }) => name)
    if (this.#known === known) this.#known = kept
    for (const name of [...gone, ...this.#surplus.splice(0)]) {
      await removeFile(join(this.#layout.backups, name), { durable: false }, this.#deps.files)
    }
    await this.#compress(kept)
  }

  async #compress(kept: readonly Backup[]): Promise<void> {
    const { compression } = this.#retention
    if (compression === undefined) return
    const { suffix } = backupAffixes(this.#layout)
    for (const { name } of kept.slice(compression.keepPlain)) {
      if (name.endsWith(suffix)) await this.#compressOne(name, compression.algorithm)
    }
  }

  /** A backup that cannot be compressed stays as it is; the next rotation tries again. */
  async #compressOne(name: string, algorithm: CompressionAlgorithm): Promise<void> {
    const path = join(this.#layout.backups, name)
    try {
      const { bytes } = await readWhole(path)
      if (bytes === undefined) return
      await writeFileAtomic(
        `${path}${compressionSuffix(algorithm)}`,
        await compress(algorithm, bytes),
        modeOf(path),
        this.#deps.files,
      )
      await removeFile(path, {}, this.#deps.files)
    } catch (error) {
      if (errorCode(error) === undefined) throw error
    } finally {
      this.#known = undefined
    }
  }

  /** The time in the name, when it is the name of a backup of this document and of no other. */
  #stampOf(name: string): string | undefined {
    const { prefix, suffix } = backupAffixes(this.#layout)
    if (!name.startsWith(prefix)) return undefined
    const [stamp = '', rest] = splitAt(name.slice(prefix.length), STAMP_LENGTH)
    if (!STAMP.test(stamp)) return undefined
    return rest === suffix || rest === `${suffix}.gz` || rest === `${suffix}.zst` ? stamp : undefined
  }

  async #read(): Promise<Backup[]> {
    let names: string[]
    try {
      // A folder of this size is read sooner than the thread pool answers, and others wait for this turn.
      names = readdirSync(this.#layout.backups)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
      names = []
    }
    const backups = new Map<number, Backup>()
    this.#surplus = []
    // A compressed copy sorts behind its plain file and takes its place, so that one state is told once.
    for (const name of names.sort()) {
      const stamp = this.#stampOf(name)
      if (stamp === undefined) continue
      const micros = microsOfStamp(stamp)
      const plain = backups.get(micros)
      if (plain !== undefined) this.#surplus.push(plain.name)
      backups.set(micros, { name, micros })
    }
    return [...backups.values()].sort((a, b) => b.micros - a.micros)
  }
}

const TIDY_DELAY_MS = 50
const TIDY_AT_ONCE = 8
const STAMP = /^\d{8}_\d{6}_\d{6}$/
const STAMP_LENGTH = 22

function splitAt(text: string, index: number): [string, string] {
  return [text.slice(0, index), text.slice(index)]
}

function stampOf(micros: number): string {
  const iso = new Date(Math.floor(micros / 1000)).toISOString()
  const date = iso.slice(0, 10).replaceAll('-', '')
  const time = iso.slice(11, 19).replaceAll(':', '')
  return `${date}_${time}_${String(micros % 1_000_000).padStart(6, '0')}`
}

function microsOfStamp(stamp: string): number {
  const [date = '', time = '', micros = ''] = stamp.split('_')
  const seconds = Date.UTC(
    Number(date.slice(0, 4)),
    Number(date.slice(4, 6)) - 1,
    Number(date.slice(6, 8)),
    Number(time.slice(0, 2)),
    Number(time.slice(2, 4)),
    Number(time.slice(4, 6)),
  )
  return seconds * 1000 + Number(micros)
}
