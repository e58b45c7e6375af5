/** The text exposition format of Prometheus, version 0.0.4, as far as this program writes it. */
import { type Labels, METRICS, type MetricDefinition } from './definitions.js'

/** Values of time series, by their name and labels as they stand in the text. */
export type Series = ReadonlyMap<string, number>

/** `archiver_x_total{stage="import"}`: with the labels in alphabetical order, so that it names one series. */
export function seriesName(name: string, labels: Labels): string {
  const entries = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))
  if (entries.length === 0) return name
  return `${name}{${entries.map(([label, value]) => `${label}="${escapeLabel(value)}"`).join(',')}}`
}

/** Each metric with its HELP and TYPE, those without a value left out. */
export function renderPrometheus(series: Series): string {
  const byName = Map.groupBy(series, ([key]) => key.split('{', 1)[0] ?? '')
  return Object.values(METRICS)
    .map((metric) => {
      const own = namesOf(metric).flatMap((name) => byName.get(name) ?? [])
      if (own.length === 0) return ''
      const lines = own.map(([key, value]) => `${key} ${formatValue(value)}\n`).sort()
      return `# HELP ${metric.name} ${escapeHelp(metric.help)}\n# TYPE ${metric.name} ${metric.kind}\n${lines.join('')}`
    })
    .join('')
}

/** The series of this program in a text that it wrote. Lines of others, and what cannot be read, are left out. */
export function parsePrometheus(text: string): Map<string, number> {
  const known = new Set(Object.values(METRICS).flatMap(namesOf))
  const series = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, key, name, value] = /^((\w+)(?:\{.*\})?) (\S+)$/s.exec(line) ?? []
    const number = Number(value)
    if (key !== undefined && known.has(name ?? '') && Number.isFinite(number)) series.set(key, number)
  }
  return series
}

/** Whether a later value is added to an earlier one; otherwise it takes its place. */
export function isAdditive(key: string): boolean {
  return /^\w+_(total|sum|count)(\{|$)/.test(key)
}

function namesOf({ name, kind }: MetricDefinition): string[] {
  return kind === 'summary' ? [`${name}_sum`, `${name}_count`] : [name]
}

function formatValue(value: number): string {
  // Sums of many small numbers have a tail that is no measurement.
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(15)))
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
