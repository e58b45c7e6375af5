import { isArchiveKey, runNumbersOf } from '@holdfast/ucondb'
import { describe, expect, test } from 'vitest'

describe('runNumbersOf()', () => {
  test('keeps plain decimal numbers, each once, ascending', () => {
    expect(runNumbersOf(['100', '99', '0', '99'])).toEqual([0, 99, 100])
  })

  test.each([
    [null],
    [''],
    ['007'],
    ['-1'],
    ['+1'],
    ['1.0'],
    ['1e3'],
    [' 1'],
    ['0x10'],
    ['run 1'],
    ['٣'],
    ['9007199254740992'],
  ])('ignores %j', (key) => {
    expect(runNumbersOf([key])).toEqual([])
  })
})

describe('isArchiveKey()', () => {
  test.each(['18255', '0', 'a.b-c_d', 'x'.repeat(200), 'json'])('accepts %j', (key) => {
    expect(isArchiveKey(key)).toBe(true)
  })

  test.each(['', '.', '..', '-1', '1.JSON', '1\n', 'x'.repeat(201)])('refuses %j', (key) => {
    expect(isArchiveKey(key)).toBe(false)
  })
})
