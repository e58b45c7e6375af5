import { DatabaseUnavailableError } from '../errors.js'
import type { ConfigurationName } from '../names.js'
import { LocalTransport } from './local-transport.js'
import { AnswerFormatError, SearchRows } from './search-rows.js'
import { SshTransport } from './ssh-transport.js'
import { toolText } from './tool-text.js'
import type { JobEnd, JobFile, ToolJob, Transport, TransportContext } from './transport.js'
import { Turnstile } from './turnstile.js'

/** What the site's programs can do, without what they say about it: that is for the caller to see through. */
export class SiteTools {
  readonly #context: TransportContext
  readonly #transport: Transport
  readonly #turnstile: Turnstile

  constructor(context: TransportContext) {
    const { remoteHost, concurrency } = context.options
    this.#context = context
    this.#transport = remoteHost === undefined ? new LocalTransport(context) : new SshTransport(context, remoteHost)
    this.#turnstile = new Turnstile(concurrency)
  }

  /** Names of all configurations that begin with a text, the newest first. */
  async findConfigurations(prefix: string, signal?: AbortSignal): Promise<string[]> {
    const names: string[] = []
    const request = { operation: 'findconfigs', dataformat: 'gui', filter: { 'configurations.name': `${prefix}*` } }
    await this.#query('find_configurations', request, (row) => names.push(textAt(row, 'name') ?? ''), signal)
    return names.filter((name) => name.startsWith(prefix) && name !== '')
  }

  /** All documents of a collection. */
  async findDocuments(
    collection: string,
    onDocument: (version: string, entity: string | undefined) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const request = { operation: 'findversions', dataformat: 'gui', collection, filter: { 'entities.name': '*' } }
    const onRow = (row: unknown): void => {
      const filter = at(at(row, 'query'), 'filter')
      const version = textAt(filter, 'version') ?? textAt(row, 'name')
      if (version !== undefined) onDocument(version, textAt(filter, 'entities.name'))
    }
    await this.#query('find_versions', request, onRow, signal)
  }

  /** What belongs to a configuration. */
  async composition({ full }: ConfigurationName, signal?: AbortSignal): Promise<ComposedEntity[]> {
    const entities: ComposedEntity[] = []
    const request = { operation: 'buildfilter', dataformat: 'gui', filter: { 'configurations.name': full } }
    const onRow = (row: unknown): void => {
      const query = at(row, 'query')
      const filter = at(query, 'filter')
      const [collection, entity] = [textAt(query, 'collection'), textAt(filter, 'entities.name')]
      if (collection === undefined || entity === undefined) throw new AnswerFormatError('a row of it names no entity')
      if (textAt(filter, 'configurations.name') === full) entities.push({ collection, entity })
    }
    await this.#query('configuration_composition', request, onRow, signal)
    return entities
  }

  load(configuration: ConfigurationName, files: readonly JobFile[], signal?: AbortSignal): Promise<JobEnd> {
    return this.#run({ tool: 'bulkloader', args: nameArgs(configuration), files, signal })
  }

  download(configuration: ConfigurationName, signal?: AbortSignal): Promise<JobEnd> {
    return this.#run({ tool: 'bulkdownloader', args: nameArgs(configuration), signal })
  }

  /** How a tool ended, for a message. */
  describe(end: JobEnd): string {
    const how = end.timedOut
      ? 'it took too long'
      : end.signal !== undefined
        ? `it was ended by ${end.signal}`
        : `it ended with code ${end.code}${end.code === 136 ? ' (SIGFPE)' : ''}`
    const said = this.text(end.printed)
    return said === '' ? how : `${how}: ${said}`
  }

  text(printed: string): string {
    return toolText(printed, this.#context.secrets)
  }

  /** Codes with which the tools say that they were called wrongly, and shells that there is nothing to call. */
  unavailable(program: string, end: JobEnd): DatabaseUnavailableError {
    const isMissing = end.code === 126 || end.code === 127
    const hint = isMissing
      ? 'Set up the artdaq_database environment (PATH, LD_LIBRARY_PATH, PYTHONPATH) before the start'
      : 'Check artdaq_db.database_uri, and that the database is up and takes connections from where the tools run'
    const reason = `'${program}' does not work there, ${this.describe(end)}`
    return new DatabaseUnavailableError('use the database', this.#context.location, reason, hint)
  }

  async #query(
    operation: string,
    request: object,
    onRow: (row: unknown) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { programs } = this.#context.options
    const rows = new SearchRows(onRow)
    try {
      const args = [operation, JSON.stringify(request)]
      const end = await this.#run({ tool: 'conftool', args, onOutput: (bytes) => rows.add(bytes), signal })
      if (end.code !== 0 || end.timedOut) throw this.unavailable(programs.conftool, end)
      rows.end()
    } catch (error) {
      if (!(error instanceof AnswerFormatError)) throw error
      const hint = `Try '${programs.conftool} ${operation}' by hand: is it the conftool.py of artdaq_database?`
      throw new DatabaseUnavailableError(
        'understand the answer about',
        this.#context.location,
        `'${programs.conftool} ${operation}' gave something else than expected, ${error.message}`,
        hint,
        error,
      )
    }
  }

  #run(job: ToolJob): Promise<JobEnd> {
    return this.#turnstile.pass(() => this.#transport.run(job), job.signal)
  }
}

export interface ComposedEntity {
  readonly collection: string
  readonly entity: string
}

function nameArgs({ run, name }: ConfigurationName): string[] {
  return ['-r', String(run), '-c', name]
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
}

function textAt(value: unknown, key: string): string | undefined {
  const found = at(value, key)
  return typeof found === 'string' ? found : undefined
}
