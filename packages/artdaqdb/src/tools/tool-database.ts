import { DatabaseClosedError, DatabaseUnavailableError, RunNotFoundError, SiteToolsOnlyError } from '../errors.js'
import { type ConfigurationName, parseConfigurationName } from '../names.js'
import type {
  CheckReport,
  ExportedFile,
  RebuildReport,
  RunDatabase,
  RunToStore,
  StoredRun,
  StoreOptions,
  StoreResult,
} from '../run-database.js'
import { listStoredRuns } from './tool-catalog.js'
import { exportWithTools, type ToolExportContext } from './tool-export.js'
import { assertToolConfiguration } from './tool-names.js'
import { prepareToolRun, storeWithTools } from './tool-store.js'
import { Turnstile } from './turnstile.js'

export interface ToolDatabaseOptions {
  readonly readOnly: boolean
  /** Whether a database without any run is an error. */
  readonly mustHoldRuns: boolean
}

/** A database that is used through the site's own programs. */
export class ToolDatabase implements RunDatabase {
  /** Without credentials. */
  readonly uri: string
  readonly #context: ToolExportContext
  readonly #options: ToolDatabaseOptions
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #runs = new Map<number, { readonly turnstile: Turnstile; users: number }>()
  #closing: Promise<void> | undefined

  constructor(context: ToolExportContext, options: ToolDatabaseOptions) {
    this.uri = context.location
    this.#context = context
    this.#options = options
  }

  listRuns(): Promise<ReadonlyMap<number, StoredRun>> {
    return this.#running('list the runs of', async () => {
      const runs = await listStoredRuns(this.#context.tools, this.#context.logger)
      if (runs.size === 0 && this.#options.mustHoldRuns) {
        const hint = 'Check artdaq_db.database_uri: the tools begin an empty database where there is none'
        throw new DatabaseUnavailableError(
          'use the database',
          this.uri,
          'it holds no runs, although some were stored',
          hint,
        )
      }
      return runs
    })
  }

  exportRun(run: number): Promise<readonly ExportedFile[]> {
    return this.#running('export from', async () => {
      const configuration = await this.#newest(run)
      if (configuration === undefined) throw new RunNotFoundError(run, this.uri)
      assertToolConfiguration(configuration)
      return await exportWithTools(configuration, this.#context)
    })
  }

  storeRun(run: RunToStore, options: StoreOptions = {}): Promise<StoreResult> {
    return this.#writing('store in', async () => {
      options.signal?.throwIfAborted()
      const prepared = await prepareToolRun(run)
      // Of two stores of one run at once, the second has to see what the first has stored.
      return await this.#alone(run.run, () => storeWithTools(prepared, this.#context, options), options.signal)
    })
  }

  /** Nothing to do: the tools have written what they stored to where all others see it. */
  fold(): Promise<void> {
    return this.#writing('fold the journal of', () => Promise.resolve())
  }

  rebuildIndex(): Promise<RebuildReport> {
    const hint =
      "Rebuild the index of a file-system database with the site's rebuild_database_index; MongoDB keeps its own"
    return this.#writing('rebuild the indexes of', () =>
      Promise.reject(new SiteToolsOnlyError('rebuild the indexes of', this.uri, hint)),
    )
  }

  check(): Promise<CheckReport> {
    const hint = "Ask the database's administrator; a file-system database can be checked without artdaq_db.use_tools"
    return this.#running('check', () => Promise.reject(new SiteToolsOnlyError('check', this.uri, hint)))
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(() => undefined)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #newest(run: number): Promise<ConfigurationName | undefined> {
    // Names may have blanks before the number, which a search for the beginning would miss; nothing here writes such ones.
    const names = await this.#context.tools.findConfigurations(`${run}/`)
    return names.map(parseConfigurationName).find((name) => name?.run === run)
  }

  async #alone<T>(run: number, work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const place = this.#runs.get(run) ?? { turnstile: new Turnstile(1), users: 0 }
    this.#runs.set(run, place)
    place.users += 1
    try {
      return await place.turnstile.pass(work, signal)
    } finally {
      place.users -= 1
      if (place.users === 0) this.#runs.delete(run)
    }
  }

  #running<T>(action: string, work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(new DatabaseClosedError(action, this.uri, 'closed'))
    const result = work()
    this.#underWay.add(result)
    const forget = (): boolean => this.#underWay.delete(result)
    result.then(forget, forget)
    return result
  }

  #writing<T>(action: string, work: () => Promise<T>): Promise<T> {
    if (this.#options.readOnly)
      return Promise.reject(new DatabaseClosedError(action, this.uri, 'open for reading only'))
    return this.#running(action, work)
  }
}
