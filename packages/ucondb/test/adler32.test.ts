import { adler32 } from '@holdfast/ucondb'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

interface Row {
  readonly name: string
  readonly bytes: Uint8Array
  readonly expected: number
}

const rows: readonly Row[] = [
  { name: 'no bytes', bytes: new Uint8Array(), expected: 1 },
  { name: '"a"', bytes: Buffer.from('a'), expected: 0x0062_0062 },
  { name: '"Wikipedia"', bytes: Buffer.from('Wikipedia'), expected: 0x11e6_0398 },
  { name: 'a mebibyte of 0xff, the largest sums', bytes: new Uint8Array(1 << 20).fill(0xff), expected: 0x8e88_ef11 },
]

describe('adler32()', () => {
  test.each(rows)('of $name is $expected', ({ bytes, expected }) => {
    expect(adler32(bytes)).toBe(expected)
  })

  test('agrees with the definition for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000, size: 'max' }), (bytes) => {
        expect(adler32(bytes)).toBe(byDefinition(bytes))
      }),
      { numRuns: 200 },
    )
  })
})

function byDefinition(bytes: Uint8Array): number {
  let sum = 1n
  let sumOfSums = 0n
  for (const byte of bytes) {
    sum = (sum + BigInt(byte)) % 65_521n
    sumOfSums = (sumOfSums + sum) % 65_521n
  }
  return Number(sumOfSums * 65_536n + sum)
}
