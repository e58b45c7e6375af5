/** A run as the database's indexes describe it. */
export interface StoredRun {
  readonly run: number
  /** Full name, `<run>/<configuration>`; the newest by time of assignment when the run has several. */
  readonly configuration: string
  /** Full names of all configurations of the run. */
  readonly configurations: readonly string[]
  /** Names of the documents of `configuration` in the collection RunHistory. */
  readonly entities: ReadonlySet<string>
  /** Whether a schema is stored for `configuration`; the original tools store it last or not at all when they fail half way. */
  readonly hasSchema: boolean
  /** The newest version of `configuration`. */
  readonly version: string
}

export interface RunFile {
  /** `<entity>.fcl` */
  readonly name: string
  /** FHiCL text */
  readonly text: string
}

export interface RunToStore {
  readonly run: number
  /** The configuration with or without the leading `<run>/`. */
  readonly configuration: string
  readonly files: readonly RunFile[]
  /** Text of schema.fcl. */
  readonly schema: string
  /** What is known only after the run, such as RunHistory2.fcl; stored together with the rest. */
  readonly update?: { readonly files: readonly RunFile[]; readonly schema: string }
}

export interface StoreOptions {
  /**
   * Ends the wait for other stores; a store that has begun is finished. Through the site's tools it ends them, too: what they have stored by then
   * is completed by storing the run once more.
   */
  readonly signal?: AbortSignal
  /**
   * What to do when an entity is stored with another text: throw `StoredRunConflictError`, or keep the stored text, add what is missing
   * and name the entities in `differing`. Stored text is never replaced. @default 'error'
   */
  readonly onConflict?: 'error' | 'keep'
}

export interface StoreResult {
  /** `completed`: some of it was there already, the rest was added. */
  readonly outcome: 'stored' | 'completed' | 'already-stored'
  /** Number of documents written. */
  readonly documents: number
  /** Entities that are stored with another text and were kept; empty unless `onConflict` is `'keep'`. */
  readonly differing: readonly string[]
}

export interface ExportedFile {
  /** Relative, with `/` between folders; never leaves the folder it is joined to. */
  readonly path: string
  readonly text: string
}

export interface RebuildReport {
  /** Documents in the new indexes. */
  readonly documents: number
  /** Documents that could not be read and are in no index. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  /** Where damaged files were moved to. */
  readonly setAside: readonly string[]
}

export interface DatabaseProblem {
  readonly kind:
    | 'index-missing'
    | 'index-damaged'
    | 'journal-damaged'
    | 'journal-not-folded'
    | 'document-missing'
    | 'document-damaged'
    | 'document-not-indexed'
    | 'unexpected-file'
  readonly path: string
  readonly message: string
  readonly hint: string
}

export interface CheckReport {
  /** Documents in the indexes. */
  readonly documents: number
  readonly problems: readonly DatabaseProblem[]
}

/** Where run records are archived. Every method may be called concurrently. */
export interface RunDatabase extends AsyncDisposable {
  readonly uri: string
  /** All stored runs, complete or not, in ascending order. Writes nothing. */
  listRuns(): Promise<ReadonlyMap<number, StoredRun>>
  /** Stores a run whole or not at all; on return it survives a power failure. */
  storeRun(run: RunToStore, options?: StoreOptions): Promise<StoreResult>
  /** The files of a stored run, as they are laid out in an export folder. Writes nothing. */
  exportRun(run: number): Promise<readonly ExportedFile[]>
  /** Makes what was stored visible to other programs that read the database. Call it after each batch. */
  fold(): Promise<void>
  /** Repairs the indexes from the documents. */
  rebuildIndex(): Promise<RebuildReport>
  /** Looks for damage and leftovers; changes nothing. */
  check(): Promise<CheckReport>
  /** Folds what is left and frees everything; a second call does nothing. */
  close(): Promise<void>
}

export interface DatabaseLogger {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
}
