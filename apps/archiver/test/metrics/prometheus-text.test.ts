import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { METRICS } from '../../src/metrics/definitions.js'
import { parsePrometheus, renderPrometheus, seriesName } from '../../src/metrics/prometheus-text.js'

describe('renderPrometheus()', () => {
  test('writes HELP and TYPE once before the series of a metric', () => {
    const series = new Map([
      [seriesName('archiver_runs_processed_total', { stage: 'migrate', outcome: 'failed' }), 2],
      [seriesName('archiver_stage_duration_seconds_sum', { stage: 'import' }), 0.1 + 0.2],
      [seriesName('archiver_stage_duration_seconds_count', { stage: 'import' }), 2],
      [seriesName('archiver_runs_processed_total', { stage: 'import', outcome: 'succeeded' }), 10],
    ])
    expect(renderPrometheus(series)).toBe(
      `# HELP archiver_runs_processed_total ${METRICS.runs.help}
# TYPE archiver_runs_processed_total counter
archiver_runs_processed_total{outcome="failed",stage="migrate"} 2
archiver_runs_processed_total{outcome="succeeded",stage="import"} 10
# HELP archiver_stage_duration_seconds ${METRICS.stageDuration.help}
# TYPE archiver_stage_duration_seconds summary
archiver_stage_duration_seconds_count{stage="import"} 2
archiver_stage_duration_seconds_sum{stage="import"} 0.3
`,
    )
  })

  test('escapes labels as the format asks for', () => {
    expect(seriesName('a', { z: 'x', path: 'C:\\"quoted"\nline' })).toBe(
      String.raw`a{path="C:\\\"quoted\"\nline",z="x"}`,
    )
  })

  test('what was written is read back, whatever labels and values are', () => {
    const label = fc.string({ unit: 'binary' })
    const value = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, min: -1e300, max: 1e300 }).map((n) => Number(n.toPrecision(15))),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(label, label, value), { maxLength: 4 }), (rows) => {
        const series = new Map(
          rows.map(([stage, outcome, number]) => [seriesName(METRICS.runs.name, { stage, outcome }), number + 0]),
        )
        expect(parsePrometheus(renderPrometheus(series))).toEqual(series)
      }),
    )
  })

  test('parsePrometheus() leaves out comments, series of others and lines that make no sense', () => {
    const text = `# HELP x y\nnode_load1 3\narchiver_lag_runs{stage="import"} 4\narchiver_lag_runs{stage="migrate"} many\narchiver_lag_`
    expect([...parsePrometheus(text)]).toEqual([['archiver_lag_runs{stage="import"}', 4]])
  })
})

test('every metric has a name of its own that says its unit, in base units', () => {
  const all = Object.values(METRICS)
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  for (const { name, kind, unit, help } of all) {
    expect(name).toMatch(/^archiver_[a-z0-9_]+$/)
    expect(help.length).toBeGreaterThan(10)
    expect(name.endsWith('_total')).toBe(kind === 'counter')
    expect(/_seconds(_total)?$/.test(name)).toBe(unit === 's')
  }
})

test('docs/metrics.md has a row for every metric', () => {
  const rows = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8').matchAll(
    /^\| (`archiver_.*?) \|/gm,
  )
  const documented = [...rows].flatMap(([, names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  expect(documented.sort()).toEqual(
    Object.values(METRICS)
      .map(({ name }) => name)
      .sort(),
  )
})
