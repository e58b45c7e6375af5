import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeTimeAxis } from '../../src/report/time-axis.js'

const span = fc
  .record({ start: fc.integer({ min: 1e12, max: 1e12 + 1e9 }), length: fc.integer({ min: 0, max: 1e8 }) })
  .map(({ start, length }) => ({ startMs: start, endMs: start + length }))

test('makeTimeAxis() keeps the order of instants and everything between 0 and 1', () => {
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 30 }), (spans) => {
      const axis = makeTimeAxis(spans)
      const instants = spans.flatMap(({ startMs, endMs }) => [startMs, endMs]).sort((one, other) => one - other)
      const places = instants.map(axis.place)
      expect(places).toEqual(places.toSorted((one, other) => one - other))
      for (const place of [...places, ...axis.ticks.map((tick) => tick.place)]) {
        expect(place).toBeGreaterThanOrEqual(0)
        expect(place).toBeLessThanOrEqual(1 + 1e-9)
      }
      expect(axis.ticks.length).toBeLessThan(200)
      for (const { ms, width } of axis.breaks) expect(ms > 0 && width > 0).toBe(true)
    }),
  )
})

test('makeTimeAxis() gives work the room, not the pause before it was resumed', () => {
  const day = 86_400_000
  const axis = makeTimeAxis([
    { startMs: 1e12, endMs: 1e12 + 60_000 },
    { startMs: 1e12 + 3 * day, endMs: 1e12 + 3 * day + 60_000 },
  ])
  expect(axis.breaks).toEqual([{ place: expect.closeTo(0.48), width: expect.closeTo(0.04), ms: 3 * day - 60_000 }])
  expect(axis.place(1e12 + 60_000)).toBeCloseTo(0.48)
  expect(axis.place(1e12 + 3 * day)).toBeCloseTo(0.52)
  expect(axis.place(1e12 + day)).toBeCloseTo(0.48)
})

test('makeTimeAxis() cuts no pause that is short beside the work', () => {
  const axis = makeTimeAxis([
    { startMs: 1e12, endMs: 1e12 + 60_000 },
    { startMs: 1e12 + 70_000, endMs: 1e12 + 130_000 },
  ])
  expect(axis.breaks).toEqual([])
  expect(axis.place(1e12 + 65_000)).toBeCloseTo(0.5)
})
