import { describe, expect, test } from 'vitest'
import { listFailures } from '../../src/report/list-failures.js'
import { measureThroughput } from '../../src/report/throughput.js'
import type { RunEvent } from '../../src/stages/run-events.js'
import { describeStage } from './sample-facts.js'

const HOUR = 3_600_000
const START = Date.UTC(2026, 10, 20, 9, 30)

function event(hours: number, given: Partial<RunEvent> = {}): RunEvent {
  return {
    at: new Date(START + hours * HOUR).toISOString(),
    executionId: 'e',
    stage: 'Import',
    run: 7,
    outcome: 'succeeded',
    attempts: 1,
    durationMs: 100,
    ...given,
  }
}

const timesOf = (events: readonly RunEvent[]): Float64Array => Float64Array.from(events, ({ at }) => Date.parse(at))
const measure = (events: readonly RunEvent[]) => measureThroughput(events, timesOf(events))

describe('measureThroughput()', () => {
  test('counts runs per hour, with the hours in which nothing happened, in any order of events', () => {
    const found = measure([event(3, { outcome: 'failed' }), event(0), event(0.2), event(3.1, { stage: 'Migration' })])
    expect(found).toMatchObject({ unit: 'hour', older: 0 })
    expect(
      found?.bars.map(({ counts }) => [counts.Import.succeeded, counts.Import.failed, counts.Migration.succeeded]),
    ).toEqual([
      [2, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
      [0, 1, 1],
    ])
    expect(found?.bars[0]?.startMs).toBe(Date.UTC(2026, 10, 20, 9))
  })

  test.each([
    [48, 'hour', 49],
    [24 * 20, 'day', 21],
    [24 * 200, 'week', 30],
  ])('%i hours of history are drawn per %s in %i bars', (hours, unit, bars) => {
    const found = measure([event(0), event(hours)])
    expect({ unit: found?.unit, bars: found?.bars.length }).toEqual({ unit, bars })
    expect(found?.bars.reduce((sum, { counts }) => sum + counts.Import.succeeded, 0)).toBe(2)
  })

  test('what is older than the drawing is counted as such, and weeks begin on Monday', () => {
    const found = measure([event(0), event(24 * 7 * 300)])
    expect(found).toMatchObject({ unit: 'week', older: 1, stages: [{ succeeded: 2 }, { succeeded: 0 }] })
    expect(found?.bars.length).toBe(104)
    expect(new Date(found?.bars[0]?.startMs ?? 0).getUTCDay()).toBe(1)
  })

  test('tells median, bytes and the last success of each stage', () => {
    const found = measure([
      event(2, { run: 9, durationMs: 300, bytes: 5 }),
      event(1, { run: 8, durationMs: 200, bytes: 4 }),
      event(0, { durationMs: 100 }),
      event(5, { run: 10, outcome: 'failed', durationMs: 9_000 }),
    ])
    expect(found?.stages[0]).toEqual({
      stage: 'Import',
      succeeded: 3,
      failed: 1,
      medianMs: 200,
      slowMs: 300,
      bytes: 9,
      lastSuccess: { run: 9, atMs: START + 2 * HOUR },
    })
    expect(found?.stages[1]).toMatchObject({ succeeded: 0, bytes: undefined, lastSuccess: undefined })
  })

  test('nothing, and events without a time, are no history', () => {
    expect(measure([])).toBeUndefined()
    expect(measure([event(0), { ...event(1), at: 'yesterday' }])?.stages[0]?.succeeded).toBe(1)
    expect(measure([{ ...event(1), at: 'yesterday' }])).toBeUndefined()
  })
})

describe('listFailures()', () => {
  const list = (failures: readonly number[], events: readonly RunEvent[]) =>
    listFailures(
      { import: describeStage({ failures }), migration: describeStage({ failures: [] }) },
      events,
      timesOf(events),
    )
  const failed = (hours: number, error: string, given: Partial<RunEvent> = {}) =>
    event(hours, { outcome: 'failed', attempts: 3, error, errorCode: 'EIO', ...given })

  test('tells attempts, since when, and the last error, however the events are ordered', () => {
    expect(list([7], [failed(4, 'second'), failed(2, 'first')])).toEqual([
      {
        stage: 'import',
        run: 7,
        attempts: 6,
        sinceMs: START + 2 * HOUR,
        lastMs: START + 4 * HOUR,
        error: 'second',
        errorCode: 'EIO',
      },
    ])
  })

  test('forgets what was before the last success, and what is about another stage or run', () => {
    const events = [
      failed(1, 'old'),
      event(2),
      failed(3, 'new'),
      failed(4, 'other stage', { stage: 'Migration' }),
      failed(5, 'other run', { run: 8 }),
    ]
    expect(list([7], events)).toMatchObject([{ attempts: 3, sinceMs: START + 3 * HOUR, error: 'new' }])
  })

  test('lists runs without history last, and those that failed last first', () => {
    const found = list([1, 2, 3], [failed(1, 'a', { run: 3 }), failed(2, 'b', { run: 2 })])
    expect(found.map(({ run }) => run)).toEqual([2, 3, 1])
    expect(found[2]).toMatchObject({ attempts: undefined, error: undefined })
  })
})
