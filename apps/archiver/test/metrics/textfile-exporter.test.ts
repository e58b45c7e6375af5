import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FileLock } from '@holdfast/lock'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { parsePrometheus } from '../../src/metrics/prometheus-text.js'
import { TextfileExporter } from '../../src/metrics/textfile-exporter.js'

const dir = useTempDir()
const path = () => join(dir(), 'textfile', 'archiver.prom')
const series = () => Object.fromEntries(parsePrometheus(readFileSync(path(), 'utf8')))

function open(labels: Record<string, string> = {}) {
  const troubles: unknown[] = []
  const exporter = new TextfileExporter({ path: path(), labels, onTrouble: (error) => troubles.push(error) })
  const count = (value: number) =>
    exporter.record({ metric: 'runs', labels: { stage: 'import', outcome: 'failed' }, value })
  return { exporter, troubles, count }
}

const RUNS = 'archiver_runs_processed_total{outcome="failed",stage="import"}'

describe('TextfileExporter', () => {
  test('counters and summaries go on from one execution to the next, gauges are replaced or stay', async () => {
    for (const value of [2, 3]) {
      const { exporter, count } = open()
      count(value)
      exporter.record({ metric: 'stageDuration', labels: { stage: 'import' }, value })
      exporter.record({ metric: 'lag', labels: { stage: 'import' }, value })
      if (value === 2) exporter.record({ metric: 'lag', labels: { stage: 'migrate' }, value: 7 })
      await exporter.close()
    }
    expect(series()).toEqual({
      [RUNS]: 5,
      'archiver_stage_duration_seconds_sum{stage="import"}': 5,
      'archiver_stage_duration_seconds_count{stage="import"}': 2,
      'archiver_lag_runs{stage="import"}': 3,
      'archiver_lag_runs{stage="migrate"}': 7,
    })
  })

  test('flush() counts nothing twice', async () => {
    const { exporter, count } = open()
    count(1)
    await Promise.all([exporter.flush(), exporter.flush()])
    count(1)
    await exporter.flush()
    await exporter.close()
    expect(series()).toEqual({ [RUNS]: 2 })
  })

  test('somebody who keeps the lock is waited for once, and what was counted is not lost', async () => {
    mkdirSync(dirname(path()))
    const { exporter, troubles, count } = open()
    const lock = await FileLock.acquire(`${path()}.lock`)
    const begun = performance.now()
    for (let round = 0; round < 4; round += 1) {
      count(1)
      await exporter.flush()
    }
    expect(performance.now() - begun).toBeLessThan(2_000)
    expect(troubles).toHaveLength(1)
    await lock.release()
    await exporter.close()
    expect(series()).toEqual({ [RUNS]: 4 })
  })

  test('two that write at once lose nothing', async () => {
    const both = [open(), open()]
    await Promise.all(
      both.map(async ({ exporter, count }) => {
        for (let round = 0; round < 20; round += 1) {
          count(1)
          await exporter.flush()
        }
      }),
    )
    expect(both.map(({ troubles }) => troubles)).toEqual([[], []])
    expect(series()).toEqual({ [RUNS]: 40 })
  })

  test('others may read it, the labels of the site are on every series, and nothing else stays in the folder', async () => {
    const { exporter, count } = open({ experiment: 'icarus' })
    count(1)
    await exporter.close()
    expect(series()).toEqual({
      'archiver_runs_processed_total{experiment="icarus",outcome="failed",stage="import"}': 1,
    })
    expect(statSync(path()).mode & 0o444).toBe(0o444)
    expect(readdirSync(dirname(path())).filter((name) => name.endsWith('.prom') || name.endsWith('.tmp'))).toEqual([
      'archiver.prom',
    ])
  })

  test('what cannot be written is told once and written when it can be', async () => {
    writeFileSync(dirname(path()), 'a file where the folder should be')
    const { exporter, troubles, count } = open()
    for (let round = 0; round < 3; round += 1) {
      count(1)
      await exporter.flush()
    }
    expect(troubles).toHaveLength(1)
    rmSync(dirname(path()))
    count(1)
    await exporter.close()
    expect(series()).toEqual({ [RUNS]: 4 })
  })

  test('a file that makes no sense begins anew', async () => {
    mkdirSync(dirname(path()))
    writeFileSync(path(), Buffer.from([0xff, 0xfe, 0, 10, 0x61]))
    const { exporter, count, troubles } = open()
    count(1)
    await exporter.close()
    expect({ series: series(), troubles }).toEqual({ series: { [RUNS]: 1 }, troubles: [] })
  })

  test('only the version that ran last has an info series', async () => {
    for (const version of ['1.0.0', '1.1.0']) {
      const { exporter } = open()
      exporter.record({ metric: 'info', labels: { version }, value: 1 })
      await exporter.close()
    }
    expect(series()).toEqual({ 'archiver_info{version="1.1.0"}': 1 })
  })
})
