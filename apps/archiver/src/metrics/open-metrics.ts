import { hostname } from 'node:os'
import { explainError } from '../cli/explain-error.js'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'
import type { Redactor } from '../log/redact.js'
import { CarbonExporter } from './carbon-exporter.js'
import { collectExecution, type ExecutionMetrics } from './collector.js'
import type { MetricsExporter } from './definitions.js'
import { readHeadersFile } from './headers-file.js'
import { openOtlpExporter } from './otlp-exporter.js'
import { TextfileExporter } from './textfile-exporter.js'

export interface OpenMetricsOptions {
  readonly version: string
  /** What the execution was started for: a metric tells executions apart by it. */
  readonly mode: string
  readonly logger: Logger
  readonly redactor: Redactor
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** The metrics of one execution. Disposing takes a second at most, whatever the hosts do that it sends to. */
export interface Metrics extends ExecutionMetrics, AsyncDisposable {}

/** Opens what the configuration asks for. Trouble with metrics is a warning in the log, once for each place that they go to, and nothing else. */
export async function openMetrics(config: ArchiverConfig, options: OpenMetricsOptions): Promise<Metrics> {
  const { carbon, metrics } = config
  const { logger, now, version } = options
  const exporters: MetricsExporter[] = []
  const troubleWith = (what: string) => (error: unknown) =>
    logger.warn(`Metrics do not reach ${what}; the archiving goes on: ${explainError(error)}`)

  if (carbon.enabled && carbon.host !== undefined && carbon.metric_prefix !== undefined) {
    const { host, port, metric_prefix: prefix } = carbon
    exporters.push(new CarbonExporter({ host, port, prefix, now, onTrouble: troubleWith(`Carbon at ${host}:${port}`) }))
  }
  const { labels } = metrics
  if (metrics.textfile !== undefined) {
    const path = metrics.textfile
    exporters.push(new TextfileExporter({ path, labels, onTrouble: troubleWith(`'${path}'`) }))
  }
  if (metrics.otlp !== undefined) {
    const { endpoint, temporality, headersFile } = metrics.otlp
    const { origin, pathname } = new URL(endpoint)
    // What follows may be a key.
    const onTrouble = troubleWith(origin + pathname)
    try {
      const read = headersFile === undefined ? {} : await readHeadersFile(headersFile)
      options.redactor.learn(Object.values(read))
      const headers = { ...metrics.otlp.headers, ...read }
      const hostName = hostname()
      exporters.push(await openOtlpExporter({ endpoint, headers, temporality, labels, version, hostName, onTrouble }))
    } catch (error) {
      onTrouble(error)
    }
  }
  return {
    ...collectExecution({ ...options, config, exporters, monotonicMs: () => performance.now() }),
    async [Symbol.asyncDispose]() {
      await Promise.all(exporters.map((exporter) => exporter.close()))
    },
  }
}
