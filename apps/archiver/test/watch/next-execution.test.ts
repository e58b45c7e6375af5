import { expect, test } from 'vitest'
import type { Execution } from '../../src/execution.js'
import { NextExecution } from '../../src/watch/next-execution.js'

const MINUTE = 60_000
const EVERY_TEN = { intervalMs: 10 * MINUTE, settleMs: 10_000 }
const done: Execution = { text: '', document: {}, exitCode: 0 }

test('after an execution that found no more to do, the interval passes', () => {
  expect(new NextExecution().after(done, EVERY_TEN)).toBe(10 * MINUTE)
  expect(new NextExecution().after({ ...done, exitCode: 1 }, EVERY_TEN)).toBe(10 * MINUTE)
})

test('while there is more, executions follow each other', () => {
  expect(new NextExecution().after({ ...done, hasMore: true }, EVERY_TEN)).toBe(0)
})

test('in an outage the pauses grow up to the interval, and begin anew after it', () => {
  const next = new NextExecution()
  const broken = { ...done, isStoreUnavailable: true, hasMore: true }
  const pauses = [broken, undefined, broken, broken, undefined, broken, broken].map((one) => next.after(one, EVERY_TEN))
  expect(pauses).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000])
  next.after(done, EVERY_TEN)
  expect(next.after(broken, EVERY_TEN)).toBe(15_000)
})

test('an interval that is shorter than the pauses of an outage stays in force', () => {
  expect(new NextExecution().after(undefined, { intervalMs: 1000, settleMs: 10 })).toBe(1000)
})

test('while a record may still be written, the next look at it comes as soon as it may be settled', () => {
  expect(new NextExecution().after({ ...done, isSettling: true, hasMore: true }, EVERY_TEN)).toBe(10_000)
  expect(new NextExecution().after({ ...done, isSettling: true }, { intervalMs: 500, settleMs: 3_600_000 })).toBe(500)
})
