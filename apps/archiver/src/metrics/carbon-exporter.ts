import { CarbonClient, type CarbonClientOptions } from './carbon-client.js'
import type { MetricKey, MetricsExporter, Sample } from './definitions.js'

export interface CarbonExporterOptions extends CarbonClientOptions {
  readonly prefix: string
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** The names under which the Python archiver reports a call; another operation goes by its own name. */
const CLIENTS: Readonly<
  Record<string, { readonly name: string; readonly operations: Readonly<Record<string, string>> }>
> = {
  artdaqdb: {
    name: 'ArtdaqDBClient',
    operations: { listRuns: 'get_archived_runs', storeRun: 'archive_run', exportRun: 'export_run_configuration' },
  },
  ucondb: {
    name: 'UconDBClient',
    operations: { listRuns: 'get_existing_runs', put: 'upload_blob', get: 'get_data' },
  },
}

/** Gauges of a stage, and what they are called below its name. */
const STAGE_GAUGES: Partial<Record<MetricKey, string>> = {
  lag: 'lag_runs',
  backlog: 'backlog_runs',
  failuresLogged: 'failures_logged',
}

/** What one stage did in one execution. */
export interface StageTotals {
  readonly stage: string
  readonly succeeded: number
  readonly failed: number
  readonly bytes: number
  readonly durationMs: number
  /** The newest run that went well; `undefined` when none did, or when older ones were tried again. */
  readonly lastSuccessfulRun: number | undefined
}

/** Lines `<prefix>.<metric> <value> <epoch seconds>`. */
export class CarbonExporter implements MetricsExporter {
  readonly #client: CarbonClient
  readonly #prefix: string
  readonly #now: () => number

  constructor(options: CarbonExporterOptions) {
    this.#client = new CarbonClient(options)
    this.#prefix = options.prefix.replace(/\s+/g, '_').replace(/\.+$/, '')
    this.#now = options.now
  }

  record({ metric, labels, value }: Sample): void {
    const { stage = '', store = '', operation = '' } = labels
    const gauge = STAGE_GAUGES[metric]
    if (gauge !== undefined) this.#send(`${stage}.${gauge}`, value)
    else if (metric === 'storeCalls') this.#send(`${nameOfCall(store, operation)}.duration_ms`, value * 1000)
    else if (metric === 'lockWait') this.#send('lock.wait_ms', value * 1000)
    else if (metric === 'lockRefusals') this.#send('lock.refusals', value)
  }

  stageFinished({ stage, succeeded, failed, bytes, durationMs, lastSuccessfulRun }: StageTotals): void {
    this.#send(`${stage}.runs_processed`, succeeded + failed)
    this.#send(`${stage}.runs_successful`, succeeded)
    this.#send(`${stage}.runs_failed`, failed)
    if (lastSuccessfulRun !== undefined) this.#send(`${stage}.last_successful_run`, lastSuccessfulRun)
    this.#send(`${stage}.bytes`, bytes)
    this.#send(`${stage}.duration_ms`, durationMs)
  }

  async flush(): Promise<void> {
    // Lines go on their way as they come.
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  #send(metric: string, value: number): void {
    const seconds = Math.floor(this.#now() / 1000)
    this.#client.send(`${this.#prefix}.${metric} ${Math.round(value * 1000) / 1000} ${seconds}`)
  }
}

function nameOfCall(store: string, operation: string): string {
  const client = CLIENTS[store]
  return client === undefined
    ? `${store}.${operation}`
    : `${client.name}.${client.operations[operation] ?? toSnakeCase(operation)}`
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
