import { expect, test } from 'vitest'
import type { Execution } from '../../src/execution.js'
import { NextExecution } from '../../src/watch/next-execution.js'

const MINUTE = 60_000
const done: Execution = { text: '', document: {}, exitCode: 0 }

test('after an execution that found no more to do, the interval passes', () => {
  expect(new NextExecution().after(done, 10 * MINUTE)).toBe(10 * MINUTE)
  expect(new NextExecution().after({ ...done, exitCode: 1 }, 10 * MINUTE)).toBe(10 * MINUTE)
})

test('while there is more, executions follow each other', () => {
  expect(new NextExecution().after({ ...done, hasMore: true }, 10 * MINUTE)).toBe(0)
})

test('in an outage the pauses grow up to the interval, and begin anew after it', () => {
  const next = new NextExecution()
  const broken = { ...done, isStoreUnavailable: true, hasMore: true }
  const pauses = [broken, undefined, broken, broken, undefined, broken, broken].map((one) =>
    next.after(one, 10 * MINUTE),
  )
  expect(pauses).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000])
  next.after(done, 10 * MINUTE)
  expect(next.after(broken, 10 * MINUTE)).toBe(15_000)
})

test('an interval that is shorter than the pauses of an outage stays in force', () => {
  expect(new NextExecution().after(undefined, 1000)).toBe(1000)
})
