/** What identifies a body on every kind of archive. */
export interface BodyFacts {
  /** Bytes. */
  readonly size: number
  /** Unsigned, see `adler32()`. */
  readonly adler32: number
}

export interface PutResult extends BodyFacts {
  /**
   * `stored`: this call stored the body. `already-stored`: the key already held the same (or an equivalent) body, and nothing was changed.
   * `size` and `adler32` always describe the body that the archive holds.
   */
  readonly outcome: 'stored' | 'already-stored'
}

export interface ArchivedVersion extends BodyFacts {
  readonly key: string
  /** Lower-case hex; absent where the archive does not keep one (a UconDB server). */
  readonly sha256?: string
  /** When it was stored, epoch milliseconds. */
  readonly storedAt: number
}

export interface ArchiveProblem {
  readonly message: string
  readonly hint: string
}

export interface ArchiveCheck {
  /** A put could be expected to work: there are no `problems`. */
  readonly usable: boolean
  /** Whether the folder is there. An archive that makes its folder at the first put can be usable without. */
  readonly folderExists: boolean
  readonly problems: readonly ArchiveProblem[]
}

export interface ArchiveCallOptions {
  /** Ends the call with the signal's reason. A put that was under way may have stored its body all the same; putting again tells. */
  readonly signal?: AbortSignal
}

export interface PutOptions extends ArchiveCallOptions {
  /**
   * Asked only when the key already holds other bytes: `true` makes the put a success (`already-stored`), `false` a conflict. `sameRunBlob` is the
   * one for run blobs, whose text carries the minute they were packed. Both bodies are whole and verified; they must not be changed.
   * @default () => false
   */
  readonly equivalent?: (stored: Uint8Array, offered: Uint8Array) => boolean
}

/**
 * A write-once store of bodies under text keys: one object of one UconDB folder, on a server or on a local disk. Every implementation passes the
 * suite in `@holdfast/ucondb/conformance`. Instances may be used concurrently, in one process and in many.
 *
 * Keys that may be put: 1 to 200 of `A-Z a-z 0-9 _ . -`, beginning with a letter, digit or `_`, not ending in `.json`. Run numbers in decimal
 * are the usual ones. A wrong key or body is a `TypeError`. After `close()` every other call throws `ArchiveClosedError`.
 */
export interface RunArchive extends AsyncDisposable {
  /** For messages: the address of the object in the archive, without credentials. */
  readonly location: string

  /**
   * Stores a body under a key, once and for all. On return it is durable and `get` returns it. A kill or power failure before the return leaves
   * nothing visible or the whole body; putting again then answers `stored` or `already-stored`. The bytes are taken at the call; changing
   * the array afterwards does no harm.
   *
   * @throws ArchiveConflictError when the key holds other bytes that are not `equivalent`
   * @throws ArchiveDamagedError when what the key holds cannot be compared because it is damaged
   * @throws ArchiveUnavailableError, and from a server ArchiveAccessError and ArchiveServerError
   * @throws TypeError for an empty body: a version of no bytes is always an accident, and it would hold its key for ever
   * @example const { outcome } = await archive.put('18255', blob, { equivalent: sameRunBlob })
   */
  put(key: string, body: Uint8Array, options?: PutOptions): Promise<PutResult>

  /**
   * The bytes put under the key, verified against the size and every checksum the archive has.
   *
   * @throws ArchiveNotFoundError
   * @throws ArchiveDamagedError
   * @throws ArchiveUnavailableError
   */
  get(key: string, options?: ArchiveCallOptions): Promise<Uint8Array>

  /**
   * What the archive says about a key, without reading the body; `undefined` when there is none.
   *
   * @throws ArchiveDamagedError when its record is missing or contradicts the body's size
   */
  stat(key: string, options?: ArchiveCallOptions): Promise<ArchivedVersion | undefined>

  /** Every archived key once, in code point order; none when nothing was ever stored. */
  listKeys(options?: ArchiveCallOptions): Promise<string[]>

  /** The archived run numbers, ascending: see `runNumbersOf`. */
  listRuns(options?: ArchiveCallOptions): Promise<number[]>

  /** Finds out, without storing anything, whether the archive can be used, and lists every problem. Problems do not throw. */
  check(options?: ArchiveCallOptions): Promise<ArchiveCheck>

  /** Creates the folder, durably. One that exists is left as it is. */
  createFolder(options?: ArchiveCallOptions): Promise<void>

  /** Waits for the calls under way. Again is fine. */
  close(): Promise<void>
}
