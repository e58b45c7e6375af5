import { compareVersions } from '@holdfast/artdaqdb'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('compareVersions()', () => {
  test.each([
    ['5/beam', '5/beamv1'],
    ['5/beam-00012v9', '5/beam-00012v10'],
    ['5/beam-00012v99', '5/beam-00012v100'],
    ['5/beam-00012', '5/beam-00012v1'],
    ['a9b', 'a10'],
    ['v007', 'v8'],
    ['v7', 'v99999999999999999999998'],
  ])('puts %s before %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0)
    expect(compareVersions(newer, older)).toBeGreaterThan(0)
  })

  test('is a total order', () => {
    const version = fc.stringMatching(/^[av01 9]{0,6}$/)
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0)
        expect(compareVersions(a, b) === 0).toBe(a === b)
        if (compareVersions(a, b) < 0 && compareVersions(b, c) < 0) expect(compareVersions(a, c)).toBeLessThan(0)
      }),
    )
  })
})
