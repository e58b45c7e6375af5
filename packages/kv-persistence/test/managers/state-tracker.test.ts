import { createPersistenceManager, createStateTracker } from '@holdfast/kv-persistence'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import { describeEachBackend } from '../each-backend.js'

describeEachBackend((makeStore, backend) => {
  test('counters add up, also fractions and many at a time', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const tracker = createStateTracker('my_tracker', { store })
    expect(await tracker.getCounter('api_calls')).toBe(0)
    expect(await tracker.incrementCounter('api_calls', 5)).toBe(5)
    expect(await tracker.incrementCounter('bytes', 1.5)).toBe(1.5)
    expect(await tracker.incrementCounter('bytes', 2)).toBe(3.5)
    await Promise.all(
      Array.from({ length: 20 }, () => createStateTracker('my_tracker', { store }).incrementCounter('n')),
    )
    expect(await tracker.getCounter('n')).toBe(20)
    await expect(tracker.incrementCounter('n', -1)).rejects.toThrow(RangeError)
  })

  test('timings: exact count, sum, least, most and average; quantiles within one per cent', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const trackers = [createStateTracker('t', { store }), createStateTracker('t', { store })]
    const times = Array.from({ length: 500 }, (_, n) => ((n * 7919) % 500) / 100 + 0.01)
    await Promise.all(times.map((seconds, n) => trackers[n % 2]?.recordProcessingTime('api_request', seconds)))
    const stats = await trackers[0]?.getProcessingStats('api_request')
    const sorted = times.toSorted((a, b) => a - b)
    expect(stats).toMatchObject({ count: 500, minTime: sorted[0], maxTime: sorted.at(-1) })
    expect(stats?.totalTime).toBeCloseTo(
      times.reduce((sum, value) => sum + value, 0),
      6,
    )
    expect(stats?.avgTime).toBeCloseTo((stats?.totalTime ?? 0) / 500, 9)
    for (const [quantile, value] of [
      [0.5, stats?.p50],
      [0.9, stats?.p90],
      [0.99, stats?.p99],
    ] as const) {
      const exact = sorted[Math.floor(quantile * 499)] ?? Number.NaN
      expect(Math.abs((value ?? Number.NaN) - exact) / exact).toBeLessThanOrEqual(0.0101)
    }
    expect(await trackers[0]?.getProcessingStats('none')).toBeUndefined()
  })

  test('times of 0 and of very different size are kept apart', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const tracker = createStateTracker('t', { store })
    for (const seconds of [0, 0, 1e-6, 3600]) await tracker.recordProcessingTime('op', seconds)
    expect(await tracker.getProcessingStats('op')).toMatchObject({ count: 4, minTime: 0, maxTime: 3600, p50: 0 })
    await expect(tracker.recordProcessingTime('op', -1)).rejects.toThrow(RangeError)
  })

  test('getRate() counts what happened in the window', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const tracker = createStateTracker('t', { store })
    for (let n = 0; n < 30; n += 1) await tracker.markRate('fetch')
    expect(await tracker.getRate('fetch', { windowSeconds: 60 })).toBe(0.5)
    expect(await tracker.getRate('other')).toBe(0)
    if (backend === 'redis') return
    await harness.elapse(120_000)
    expect(await tracker.getRate('fetch', { windowSeconds: 60 })).toBe(0)
    expect(await tracker.getRate('fetch', { windowSeconds: 300 })).toBe(0.1)
  })

  test('toPrometheus() and observe() tell all of it', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const tracker = createStateTracker('my "tracker"', { store })
    await tracker.incrementCounter('api\ncalls', 2)
    await tracker.recordProcessingTime('op', 2)
    expect(await tracker.toPrometheus()).toMatchInlineSnapshot(`
      "# HELP holdfast_events_total Counters of a state tracker
      # TYPE holdfast_events_total counter
      holdfast_events_total{tracker="my \\"tracker\\"",name="api\\ncalls"} 2
      # HELP holdfast_processing_seconds Processing times
      # TYPE holdfast_processing_seconds summary
      holdfast_processing_seconds{tracker="my \\"tracker\\"",operation="op",quantile="0.5"} 2
      holdfast_processing_seconds{tracker="my \\"tracker\\"",operation="op",quantile="0.9"} 2
      holdfast_processing_seconds{tracker="my \\"tracker\\"",operation="op",quantile="0.99"} 2
      holdfast_processing_seconds_sum{tracker="my \\"tracker\\"",operation="op"} 2
      holdfast_processing_seconds_count{tracker="my \\"tracker\\"",operation="op"} 1
      # HELP holdfast_processing_min_seconds Shortest processing time
      # TYPE holdfast_processing_min_seconds gauge
      holdfast_processing_min_seconds{tracker="my \\"tracker\\"",operation="op"} 2
      # HELP holdfast_processing_max_seconds Longest processing time
      # TYPE holdfast_processing_max_seconds gauge
      holdfast_processing_max_seconds{tracker="my \\"tracker\\"",operation="op"} 2
      "
    `)

    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const provider = new MeterProvider({ readers: [reader] })
    const stop = tracker.observe(provider.getMeter('test'))
    await provider.forceFlush()
    const values = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ value, attributes }) => [descriptor.name, value, attributes]),
      )
    expect(values).toContainEqual(['holdfast.events', 2, { tracker: 'my "tracker"', name: 'api\ncalls' }])
    expect(values).toContainEqual(['holdfast.processing.sum', 2, { tracker: 'my "tracker"', operation: 'op' }])
    stop()
    await provider.shutdown()
  })

  test('state and sessions are not those of a PersistenceManager of the same name', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const tracker = createStateTracker('n', { store })
    const persistence = createPersistenceManager('n', { store })
    await persistence.saveState({ a: 1 })
    await persistence.saveSessionInfo('s', { a: 1 })
    await tracker.updateState({ b: 1 })
    await tracker.saveSessionInfo('s', { b: 1 })
    expect(await persistence.loadState()).not.toHaveProperty('b')
    expect(await persistence.getSessionInfo('s')).toMatchObject({ a: 1 })
    expect(await tracker.getSessionInfo('s')).not.toHaveProperty('a')
  })

  test('state and sessions are merged and kept', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const tracker = createStateTracker('t', { store })
    const info = { user: 'u' }
    await tracker.saveSessionInfo('s', info)
    expect(info).toEqual({ user: 'u' })
    expect(await tracker.getSessionInfo('s')).toMatchObject(info)
    await tracker.updateState({ a: 1 })
    expect(await tracker.updateState({ b: 2 })).toMatchObject({ a: 1, b: 2 })
    expect(await tracker.getState()).toMatchObject({ a: 1, b: 2 })
  })
})
