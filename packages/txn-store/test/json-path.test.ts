import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatPointer, parsePointer } from '../src/json-path.js'

describe('formatPointer() and parsePointer()', () => {
  test.each<{ readonly segments: string[]; readonly pointer: string }>([
    { segments: [], pointer: '' },
    { segments: [''], pointer: '/' },
    { segments: ['', ''], pointer: '//' },
    { segments: ['phase1', 'files', '0'], pointer: '/phase1/files/0' },
    { segments: ['a/b'], pointer: '/a~1b' },
    { segments: ['m~n'], pointer: '/m~0n' },
    { segments: ['~1'], pointer: '/~01' },
    { segments: ['~01', '/~/'], pointer: '/~001/~1~0~1' },
    { segments: ['c%d', 'e^f', 'i\\j', 'k"l', ' '], pointer: '/c%d/e^f/i\\j/k"l/ ' },
    { segments: ['ключ', '鍵', '🔑'], pointer: '/ключ/鍵/🔑' },
    { segments: ['__proto__', '-'], pointer: '/__proto__/-' },
  ])('agree that $segments is "$pointer"', ({ segments, pointer }) => {
    expect(formatPointer(segments)).toBe(pointer)
    expect(parsePointer(pointer)).toStrictEqual(segments)
  })

  test('give back any keys', () => {
    const segment = fc.oneof(
      fc.string({ unit: fc.constantFrom('~', '/', '0', '1', 'a') }),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(fc.array(segment), (segments) => {
        expect(parsePointer(formatPointer(segments))).toStrictEqual(segments)
      }),
    )
  })

  test('write an index as its digits', () => {
    expect(formatPointer(['files', 12])).toBe('/files/12')
  })
})

describe('parsePointer() refuses', () => {
  test.each([{ text: 'a' }, { text: '#/a' }, { text: ' /a' }, { text: '/a~' }, { text: '/~2' }, { text: '/~~0' }])(
    '"$text"',
    ({ text }) => {
      expect(() => parsePointer(text)).toThrow(TypeError)
    },
  )
})
