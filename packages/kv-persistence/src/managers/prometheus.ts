import type { TrackerSnapshot } from './state-tracker.js'

/** The text exposition format, https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function renderPrometheus({ name, counters, timings }: TrackerSnapshot): string {
  const tracker = label('tracker', name)
  const lines: string[] = []
  const family = (metric: string, type: string, help: string, rows: readonly string[]): void => {
    if (rows.length > 0) lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} ${type}`, ...rows)
  }
  family(
    'holdfast_events_total',
    'counter',
    'Counters of a state tracker',
    Object.entries(counters).map(
      ([counter, value]) => `holdfast_events_total{${tracker},${label('name', counter)}} ${value}`,
    ),
  )
  const rows = Object.entries(timings).map(([operation, stats]) => ({
    labels: `${tracker},${label('operation', operation)}`,
    stats,
  }))
  family(
    'holdfast_processing_seconds',
    'summary',
    'Processing times',
    rows.flatMap(({ labels, stats }) => [
      `holdfast_processing_seconds{${labels},quantile="0.5"} ${stats.p50}`,
      `holdfast_processing_seconds{${labels},quantile="0.9"} ${stats.p90}`,
      `holdfast_processing_seconds{${labels},quantile="0.99"} ${stats.p99}`,
      `holdfast_processing_seconds_sum{${labels}} ${stats.totalTime}`,
      `holdfast_processing_seconds_count{${labels}} ${stats.count}`,
    ]),
  )
  family(
    'holdfast_processing_min_seconds',
    'gauge',
    'Shortest processing time',
    rows.map(({ labels, stats }) => `holdfast_processing_min_seconds{${labels}} ${stats.minTime}`),
  )
  family(
    'holdfast_processing_max_seconds',
    'gauge',
    'Longest processing time',
    rows.map(({ labels, stats }) => `holdfast_processing_max_seconds{${labels}} ${stats.maxTime}`),
  )
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

function label(name: string, value: string): string {
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
