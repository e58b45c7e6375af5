import { writeFhicl } from '@holdfast/fhicl'
import type { DatabaseFiles } from './database-files.js'
import type { DatabaseState } from './database-state.js'
import type { DocumentFile } from './database-writer.js'
import { documentText } from './document.js'
import { StoredRunConflictError } from './errors.js'
import type { CommittedDocument, CommittedRun } from './journal.js'
import type { PreparedFile, PreparedRun } from './prepared-run.js'
import type { StoreOptions, StoreResult } from './run-database.js'
import { readNewest, type StoredDocument, storedDocuments } from './stored-documents.js'

export interface RunPlan {
  readonly documents: readonly DocumentFile[]
  readonly commit: CommittedRun
  /** Damaged documents that will be replaced. */
  readonly damaged: readonly string[]
  readonly result: StoreResult
}

export interface PlanDeps {
  readonly state: DatabaseState
  readonly files: DatabaseFiles
  readonly makeOid: () => string
  readonly timestamp: () => string
}

/**
 * Compares a run with what is stored under its configuration name and finds out which documents it lacks.
 *
 * @throws StoredRunConflictError
 */
export async function planRun(
  run: PreparedRun,
  onConflict: Required<StoreOptions>['onConflict'],
  deps: PlanDeps,
): Promise<RunPlan> {
  return new Planner(run, deps).plan(onConflict)
}

class Planner {
  readonly #run: PreparedRun
  readonly #deps: PlanDeps
  readonly #stored: ReturnType<typeof storedDocuments>
  readonly #documents: (DocumentFile & CommittedDocument)[] = []
  readonly #differing: string[] = []
  readonly #damaged: string[] = []

  constructor(run: PreparedRun, deps: PlanDeps) {
    this.#run = run
    this.#deps = deps
    this.#stored = storedDocuments(deps.state, run.configuration.full)
  }

  async plan(onConflict: Required<StoreOptions>['onConflict']): Promise<RunPlan> {
    const { files, schema, update, configuration } = this.#run
    for (const file of files) await this.#addFile(file)
    await this.#addSchema(schema)
    for (const file of update?.files ?? []) await this.#addFile(file)
    // The original stores the schema once more with each update.
    if (update?.files.some(({ entity }) => !this.#stored.RunHistory.has(entity))) this.#add(update.schema)
    if (this.#differing.length > 0 && onConflict === 'error') {
      throw new StoredRunConflictError(configuration.run, configuration.full, this.#differing)
    }
    const hadAny = this.#stored.RunHistory.size + this.#stored.SystemLayout.size > 0
    const documents = this.#documents.length
    return {
      documents: this.#documents,
      damaged: this.#damaged,
      commit: {
        run: configuration.run,
        configuration: configuration.full,
        documents: this.#documents.map(({ text, ...document }) => document),
      },
      result: {
        outcome: documents === 0 ? 'already-stored' : hadAny ? 'completed' : 'stored',
        documents,
        differing: this.#differing,
      },
    }
  }

  async #addFile(file: PreparedFile): Promise<void> {
    const stored = this.#stored.RunHistory.get(file.entity)
    if (stored === undefined) return this.#add(file)
    const text = await this.#readOrReplace(file, stored)
    if (text !== undefined && text !== writeFhicl(file.content)) this.#differing.push(file.entity)
  }

  /** A schema describes how the run was stored at its time: one that is there is not compared with today's. */
  async #addSchema(schema: PreparedFile): Promise<void> {
    const stored = this.#stored.SystemLayout.get('schema')
    if (stored === undefined) this.#add(schema)
    else await this.#readOrReplace(schema, stored)
  }

  /** The stored text; when no version can be read any more, the newest is written anew under its id. */
  async #readOrReplace(file: PreparedFile, stored: readonly StoredDocument[]): Promise<string | undefined> {
    const { document, text, failures } = await readNewest(this.#deps.files, stored)
    if (text !== undefined) return text
    // The first failure is that of `document`.
    if (failures[0]?.reason === 'damaged') this.#damaged.push(failures[0].path)
    this.#add(file, document)
    return undefined
  }

  #add(file: PreparedFile, replaced?: StoredDocument): void {
    const { collection, entity, content } = file
    const { full, run } = this.#run.configuration
    const oid = replaced?.oid ?? this.#deps.makeOid()
    const assigned = this.#deps.timestamp()
    const version = replaced?.version ?? full
    const text = documentText(content, { oid, collection, entity, configuration: full, version, run, assigned })
    this.#documents.push({ collection, oid, entity, version, assigned, text })
  }
}
