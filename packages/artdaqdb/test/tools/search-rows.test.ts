import { describe, expect, test } from 'vitest'
import { SearchRows } from '../../src/tools/search-rows.js'

function read(bytes: Buffer, pieceSize: number): unknown[] {
  const rows: unknown[] = []
  const reader = new SearchRows((row) => rows.push(row))
  for (let at = 0; at < bytes.length; at += pieceSize) reader.add(bytes.subarray(at, at + pieceSize))
  reader.end()
  return rows
}

describe('SearchRows', () => {
  const expected = [{ name: 'a"]}\\ é', query: { list: [1, [2]], text: '{[' } }, { name: 'b' }]
  const answer = `TRACE { [ ] }\n{ "search": [\n${expected.map((row) => JSON.stringify(row)).join(',\n')}\n] }\nTRACE ] }`

  test.each([1, 2, 3, 7, 64, 10_000])('reads an answer in pieces of %i bytes', (size) => {
    expect(read(Buffer.from(answer), size)).toEqual(expected)
  })

  test('reads an answer without rows', () => {
    expect(read(Buffer.from('{ "search": [] }\n'), 5)).toEqual([])
  })

  test('notices every answer that is cut off', () => {
    const whole = Buffer.from('{ "search": [ {"name":"a"}, {"name":"b"} ]')
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => read(whole.subarray(0, length), 4)).toThrow(/it holds no answer|the answer is cut off/)
    }
  })

  test.each([
    ['{ "search": [ {"name":} ]', 'is not JSON'],
    ['{ "search": [ words ]', 'something else than rows'],
    [`{ "search": [ {"name":"${'x'.repeat(2_000_000)}`, 'does not end'],
  ])('refuses %.30s', (text, message) => {
    expect(() => read(Buffer.from(text), 1_000)).toThrow(message)
  })
})
