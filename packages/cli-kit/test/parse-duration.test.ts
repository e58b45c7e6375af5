import { expect, test } from 'vitest'
import { parseDuration } from '../src/index.js'

test.each([
  ['250ms', 250],
  ['90s', 90_000],
  ['1.5h', 5_400_000],
  [' 10 m ', 600_000],
  ['2d', 172_800_000],
  ['0s', 0],
])('reads "%s"', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

test.each(['', '10', 'm', '-1s', '1,5h', '1h30m', '1e3s', 'soon'])('does not take "%s"', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})
