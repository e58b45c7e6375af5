import type { Agent } from 'node:http'
import type { Attributes } from '@opentelemetry/api'
import { createBoundedLookup } from './bounded-lookup.js'
import { type Labels, METRICS, type MetricKey, type MetricsExporter, type Sample } from './definitions.js'
import { readOtlpCertificates } from './otlp-certificates.js'

export interface OtlpOptions {
  /** With its path: `http://collector:4318/v1/metrics`. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** Whether sums are those of an interval or of the process. */
  readonly temporality: 'delta' | 'cumulative'
  readonly labels: Labels
  readonly version: string
  readonly hostName: string
  /** Between two exports of one process. @default 15 s */
  readonly intervalMs?: number
  /** For one export, all its attempts together. @default 1 s */
  readonly timeoutMs?: number
  /** Told once. */
  readonly onTrouble: (reason: string) => void
}

/**
 * Sends to an OpenTelemetry collector with the official SDK, which is loaded here and nowhere else. Instruments are named after the metrics:
 * `archiver_runs_processed_total` is `archiver.runs_processed`.
 */
export async function openOtlpExporter(options: OtlpOptions): Promise<MetricsExporter> {
  const { endpoint: url, headers, labels, temporality, version, hostName, onTrouble } = options
  const { intervalMs = 15_000, timeoutMs = 1_000 } = options
  const [sdk, otlp, resources] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  const temporalityPreference =
    temporality === 'delta'
      ? otlp.AggregationTemporalityPreference.DELTA
      : otlp.AggregationTemporalityPreference.CUMULATIVE
  const agents = new Set<Agent>()
  const exporter = new otlp.OTLPMetricExporter({
    url,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    temporalityPreference,
    httpAgentOptions: openAgent,
  })
  let isTroubled = false
  const complain = (reason: string): void => {
    if (!isTroubled) onTrouble(reason)
    isTroubled = true
  }
  // The SDK tells what becomes of an export only to its own log.
  const send = exporter.export.bind(exporter)
  exporter.export = (metrics, done) =>
    send(metrics, (result) => {
      if (result.code !== 0) complain(result.error?.message ?? 'the export failed')
      done(result)
    })
  const reader = new sdk.PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: timeoutMs,
  })
  const attributes = { 'service.name': 'archiver', 'service.version': version, 'host.name': hostName, ...labels }
  const provider = new sdk.MeterProvider({ resource: resources.resourceFromAttributes(attributes), readers: [reader] })
  const meter = provider.getMeter('archiver', version)
  const instruments = new Map<MetricKey, (value: number, attributes: Attributes) => void>()

  return {
    record({ metric, labels: attributes, value }: Sample): void {
      const instrument = instruments.get(metric) ?? createInstrument(metric)
      instruments.set(metric, instrument)
      instrument(value, attributes)
    },
    async flush() {
      // The reader exports by itself, and nobody waits for it.
    },
    async close() {
      await shutdownWithin(timeoutMs)
      // A connection that is still being made would keep the process alive.
      for (const agent of agents) agent.destroy()
    },
  }

  function createInstrument(key: MetricKey): (value: number, attributes: Attributes) => void {
    const { name, kind, unit, help: description } = METRICS[key]
    const otelName = name.replace(/^archiver_/, 'archiver.').replace(/_(total|seconds|bytes_total)$/, '')
    if (kind === 'counter') {
      const counter = meter.createCounter(otelName, { unit, description })
      return (value, attributes) => counter.add(value, attributes)
    }
    if (kind === 'gauge') {
      const gauge = meter.createGauge(otelName, { unit, description })
      return (value, attributes) => gauge.record(value, attributes)
    }
    const histogram = meter.createHistogram(otelName, { unit, description })
    return (value, attributes) => histogram.record(value, attributes)
  }

  async function openAgent(protocol: string): Promise<Agent> {
    const isSecure = protocol === 'https:'
    const { Agent } = isSecure ? await import('node:https') : await import('node:http')
    const certificates = isSecure ? await readOtlpCertificates(process.env) : {}
    const agent = new Agent({ ...certificates, keepAlive: false, timeout: timeoutMs, lookup: createBoundedLookup() })
    agents.add(agent)
    return agent
  }

  async function shutdownWithin(limitMs: number): Promise<void> {
    const { promise: isLate, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      complain(`not everything was taken within ${limitMs} ms`)
      resolve()
    }, limitMs)
    const isDone = provider.shutdown().catch((error: unknown) => complain(String(error)))
    await Promise.race([isDone, isLate])
    clearTimeout(timer)
  }
}
