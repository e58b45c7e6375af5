/**
 * The archive on a local disk. It owns `<root>/<folder>/<object>/`, and in it for every key the body in `<key>` and its record in `<key>.json`.
 *
 * Source of truth is the body's name: a key is archived from the instant its body appears, whole, under that name, and from then on neither file
 * ever changes. The record is written first, so a crash can leave a record without a body (nothing is archived; the next put of the key replaces
 * it) and temporary files in `.put/` (swept before the first put of the next archive that is opened), but never a body without a record: that is
 * damage. A key's puts hold a kernel lock, so a record without a body seen under the lock belongs to a put that died.
 */
import type { Stats } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { makeDirectory, sweepLeftovers, writeFileAtomic } from '@holdfast/atomic-file'
import { withLock } from '@holdfast/lock'
import { describeBytes } from './body-facts.js'
import { checkEmbedded } from './embedded-check.js'
import { EmbeddedLayout, type EmbeddedLocation } from './embedded-layout.js'
import { ArchiveClosedError, ArchiveConflictError, ArchiveDamagedError, ArchiveNotFoundError } from './errors.js'
import { assertArchiveBody, assertArchiveKey, inCodePointOrder, isArchiveKey, runNumbersOf } from './names.js'
import type {
  ArchiveCallOptions,
  ArchiveCheck,
  ArchivedVersion,
  PutOptions,
  PutResult,
  RunArchive,
} from './run-archive.js'
import { formatSidecar, parseSidecar, type RecordedVersion } from './sidecar.js'
import { explained, systemCode } from './system-error.js'

export interface EmbeddedArchiveOptions extends EmbeddedLocation {
  /** How long a put waits for another process. */
  readonly timeoutMs: number
}

export interface EmbeddedArchiveDeps {
  readonly now: () => number
}

interface StoredBody {
  readonly bytes: Uint8Array
  readonly version: RecordedVersion
}

interface OfferedBody {
  readonly bytes: Uint8Array
  readonly version: RecordedVersion
  readonly options: PutOptions
}

export class EmbeddedArchive implements RunArchive {
  readonly location: string
  readonly #layout: EmbeddedLayout
  readonly #timeoutMs: number
  readonly #now: () => number
  readonly #underWay = new Set<Promise<unknown>>()
  #sweeping: Promise<unknown> | undefined
  #closed = false

  constructor(options: EmbeddedArchiveOptions, deps: EmbeddedArchiveDeps) {
    this.#layout = new EmbeddedLayout(options)
    this.location = pathToFileURL(this.#layout.object).href
    this.#timeoutMs = options.timeoutMs
    this.#now = deps.now
  }

  put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    return this.#call(options, async () => {
      assertArchiveKey(key)
      assertArchiveBody(body)
      // A copy; slice() of a Buffer would be a view.
      const bytes = new Uint8Array(body)
      const version = { key, ...describeBytes(bytes), storedAt: this.#now() }
      const offered = { bytes, version, options }
      await this.#sweepOnce()
      return (await this.#compareWithStored(offered)) ?? (await this.#storeUnderLock(offered))
    })
  }

  get(key: string, options: ArchiveCallOptions = {}): Promise<Uint8Array> {
    return this.#call(options, async () => {
      assertArchiveKey(key)
      const stored = await this.#readVerified(key, options.signal)
      if (stored === undefined) throw new ArchiveNotFoundError(key, this.location)
      return stored.bytes
    })
  }

  stat(key: string, options: ArchiveCallOptions = {}): Promise<ArchivedVersion | undefined> {
    return this.#call(options, async () => {
      assertArchiveKey(key)
      const path = this.#layout.body(key)
      const status = await explained('look at', path, () => unlessMissing<Stats>(stat(path)))
      if (status === undefined) return undefined
      const version = await this.#readSidecar(key)
      if (!status.isFile()) throw new ArchiveDamagedError(key, path, 'its body is not a file')
      if (status.size !== version.size) throw new ArchiveDamagedError(key, path, sizeProblem(status.size, version.size))
      return version
    })
  }

  listKeys(options: ArchiveCallOptions = {}): Promise<string[]> {
    return this.#call(options, async () => {
      const path = this.#layout.object
      const entries = await explained('list', path, () => unlessMissing(readdir(path, { withFileTypes: true })))
      const bodies = (entries ?? []).filter(
        (entry) => (entry.isFile() || entry.isSymbolicLink()) && isArchiveKey(entry.name),
      )
      return bodies.map((entry) => entry.name).sort(inCodePointOrder)
    })
  }

  async listRuns(options: ArchiveCallOptions = {}): Promise<number[]> {
    return runNumbersOf(await this.listKeys(options))
  }

  check(options: ArchiveCallOptions = {}): Promise<ArchiveCheck> {
    return this.#call(options, () => checkEmbedded(this.#layout))
  }

  createFolder(options: ArchiveCallOptions = {}): Promise<void> {
    const path = this.#layout.object
    return this.#call(options, () => explained('create the archive folder', path, () => makeDirectory(path)))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#underWay)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Runs one call of the public interface, so that `close` can wait for it. */
  async #call<T>({ signal }: ArchiveCallOptions, work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new ArchiveClosedError(this.location)
    signal?.throwIfAborted()
    const running = work()
    this.#underWay.add(running)
    try {
      return await running
    } finally {
      this.#underWay.delete(running)
    }
  }

  /** Files of living writers stay, so this needs no lock. */
  async #sweepOnce(): Promise<void> {
    const { workplace } = this.#layout
    this.#sweeping ??= explained('sweep', workplace, () => sweepLeftovers(workplace))
    try {
      await this.#sweeping
    } catch (error) {
      this.#sweeping = undefined
      throw error
    }
  }

  /** `undefined` when nothing is archived under the key. */
  async #compareWithStored({ bytes, version, options }: OfferedBody): Promise<PutResult | undefined> {
    const stored = await this.#readVerified(version.key, options.signal)
    if (stored === undefined) return undefined
    const same = stored.version.sha256 === version.sha256 && Buffer.compare(stored.bytes, bytes) === 0
    if (same || options.equivalent?.(stored.bytes, bytes) === true) {
      return { outcome: 'already-stored', size: stored.version.size, adler32: stored.version.adler32 }
    }
    throw new ArchiveConflictError(version.key, this.location, {
      stored: { size: stored.version.size, adler32: stored.version.adler32 },
      offered: { size: version.size, adler32: version.adler32 },
    })
  }

  #storeUnderLock(offered: OfferedBody): Promise<PutResult> {
    const { key, size, adler32 } = offered.version
    const { signal } = offered.options
    const workplace = this.#layout.workplace
    const lockOptions = { timeoutMs: this.#timeoutMs, ...(signal === undefined ? {} : { signal }) }
    return explained('store in', this.#layout.body(key), async () => {
      await makeDirectory(workplace)
      return withLock(
        this.#layout.lock(key),
        async () => {
          const earlier = await this.#compareWithStored(offered)
          if (earlier !== undefined) return earlier
          signal?.throwIfAborted()
          const writing = { tempDirectory: workplace }
          await writeFileAtomic(this.#layout.sidecar(key), formatSidecar(offered.version), writing)
          // The commit. A body that is there in spite of the lock is never replaced.
          await writeFileAtomic(this.#layout.body(key), offered.bytes, { ...writing, overwrite: false })
          return { outcome: 'stored', size, adler32 } as const
        },
        lockOptions,
      )
    })
  }

  async #readVerified(key: string, signal: AbortSignal | undefined): Promise<StoredBody | undefined> {
    const path = this.#layout.body(key)
    const content = await explained('read', path, () => unlessMissing(readFile(path))).catch((error: unknown) => {
      if (systemCode(error) !== 'EISDIR') throw error
      throw new ArchiveDamagedError(key, path, 'its body is not a file', { cause: error })
    })
    signal?.throwIfAborted()
    if (content === undefined) return undefined
    const version = await this.#readSidecar(key)
    if (content.length !== version.size)
      throw new ArchiveDamagedError(key, path, sizeProblem(content.length, version.size))
    const bytes = new Uint8Array(content.buffer, content.byteOffset, content.length)
    const found = describeBytes(bytes)
    for (const sum of ['adler32', 'sha256'] as const) {
      if (found[sum] === version[sum]) continue
      throw new ArchiveDamagedError(key, path, `its ${sum} is ${found[sum]}, recorded ${version[sum]}`)
    }
    return { bytes, version }
  }

  /** The record of a key whose body is there. */
  async #readSidecar(key: string): Promise<RecordedVersion> {
    const path = this.#layout.sidecar(key)
    const text = await explained('read', path, () => unlessMissing(readFile(path, 'utf8')))
    if (text === undefined) throw new ArchiveDamagedError(key, path, 'its record is missing')
    const version = parseSidecar(text, key)
    if ('problem' in version) throw new ArchiveDamagedError(key, path, version.problem)
    return version
  }
}

function sizeProblem(found: number, recorded: number): string {
  return `it has ${found} bytes, recorded ${recorded}`
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
