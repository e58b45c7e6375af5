import { describe, expect, test } from 'vitest'
import { dateInName, makeDateFilter } from '../../src/sftp/name-date.ts'

describe('dateInName()', () => {
  test.each([
    ['20250829c.txt', '2025-08-29'],
    ['cor_20240229.zip', '2024-02-29'],
    ['2025-08-29.csv', '2025-08-29'],
    ['2025_08_29.csv', '2025-08-29'],
    ['20250829T1200.csv', '2025-08-29'],
    ['export-20250829235959.csv', '2025-08-29'],
    ['v12345678-20250829.csv', '2025-08-29'],
    ['20250829-20250830.csv', '2025-08-29'],
    ['20250230-20250301.csv', '2025-03-01'],
  ])('finds the day in %s', (name, date) => expect(dateInName(name)).toBe(date))

  test.each([
    ['20250230.txt', 'no such day'],
    ['20250229.txt', 'no leap year'],
    ['20251301.txt', 'no such month'],
    ['20250800.txt', 'no day 0'],
    ['99999999.txt', 'no month 99'],
    ['12345678.txt', 'not in 1900 to 2999'],
    ['120250829.txt', 'part of a longer number'],
    ['202508291.txt', 'part of a longer number'],
    ['20250829995959.txt', 'followed by what is no time'],
    ['2025-0829.txt', 'half with signs'],
    ['cordata.zip', 'no digits'],
    ['', 'nothing'],
  ])('finds none in %s: %s', (name) => expect(dateInName(name)).toBeUndefined())
})

describe('makeDateFilter()', () => {
  test('takes both bounds and what is between', () => {
    const wanted = makeDateFilter({ from: '2025-08-29', until: '2025-09-13' })
    const names = ['20250828c.txt', '20250829c.txt', '20250901c.txt', '20250913c.txt', '20250914c.txt', 'cordata.zip']
    expect(names.filter(wanted)).toEqual(['20250829c.txt', '20250901c.txt', '20250913c.txt'])
  })

  test('a later window of eight digits does not make an old file new (the old rule took any)', () => {
    const wanted = makeDateFilter({ from: '2025-01-01' })
    expect(wanted('20200101_99999999.txt')).toBe(false)
    expect(wanted('2020010120260101.txt')).toBe(false)
  })

  test('only looks beyond the first eight digits when they are no day (one old rule did not)', () => {
    expect(makeDateFilter({ from: '2025-01-01' })('12345678_20250829.txt')).toBe(true)
  })

  test("undated: 'take' takes names without a date", () => {
    const wanted = makeDateFilter({ from: '2025-01-01', undated: 'take' })
    expect(['cordata.zip', '20200101.txt'].filter(wanted)).toEqual(['cordata.zip'])
  })

  test.each([
    { filter: { from: '2025-02-30' }, message: /'from' must be a day/ },
    { filter: { until: '20250829' }, message: /'until' must be a day/ },
    { filter: { from: '2025-02-02', until: '2025-02-01' }, message: /is after/ },
  ])('$filter is refused', ({ filter, message }) => expect(() => makeDateFilter(filter)).toThrow(message))
})
