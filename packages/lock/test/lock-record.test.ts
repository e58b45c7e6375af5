import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { encodeRecord, nextToken, parseRecord, RECORD_BYTES } from '../src/lock-record.js'

const record = {
  pid: 4711,
  token: 17,
  host: 'node1',
  since: '2026-01-02T03:04:05.006Z',
  command: 'node archiver import',
  note: 'run 7',
}

describe('encodeRecord()', () => {
  test('writes the pid first, one line of JSON, and blanks up to the fixed length', () => {
    const text = encodeRecord(record).toString()
    const [pid, json = '', ...rest] = text.split('\n')
    expect(pid).toBe('4711')
    expect(JSON.parse(json)).toEqual({ v: 1, ...record })
    expect(rest).toEqual([''])
    expect(Buffer.byteLength(text)).toBe(RECORD_BYTES)
  })

  test('forgets command and note once released', () => {
    const text = encodeRecord({ ...record, released: '2026-01-02T03:04:06.000Z' }).toString()
    expect(text).not.toMatch(/archiver|run 7/)
    expect(parseRecord(Buffer.from(text))).toMatchObject({ state: 'released', token: 17, holder: { pid: 4711 } })
  })

  const anyText = fc.oneof(
    fc.string({ maxLength: 1000, unit: 'binary' }),
    fc.string({ minLength: 300, maxLength: 1000, unit: fc.constantFrom('"', '\\', 'é', '€', '😀', 'a') }),
  )

  test('always fits and can be read back, whatever the texts are', () => {
    fc.assert(
      fc.property(
        fc.record({
          pid: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
          token: fc.integer({ min: 1, max: 2 ** 52 }),
          host: anyText,
          command: anyText,
          note: anyText,
        }),
        (fields) => {
          const bytes = encodeRecord({ ...fields, since: record.since })
          expect(bytes.length).toBe(RECORD_BYTES)
          const { token, state, holder } = parseRecord(bytes)
          expect({ token, state, pid: holder?.pid }).toEqual({ token: fields.token, state: 'held', pid: fields.pid })
          // biome-ignore lint/suspicious/noControlCharactersInRegex: none must reach a terminal
          expect(`${holder?.host}${holder?.command}${holder?.note}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
        },
      ),
    )
  })

  test('keeps short texts as they are and the beginning of long ones', () => {
    const unit = fc.constantFrom('"', '\\', 'é', '€', '😀', 'a', ' ')
    fc.assert(
      fc.property(fc.string({ maxLength: 400, unit }), (note) => {
        const read = parseRecord(encodeRecord({ ...record, note })).holder?.note ?? ''
        if (Buffer.byteLength(JSON.stringify(note)) <= 302) expect(read).toBe(note)
        else {
          expect(read.endsWith('…')).toBe(true)
          expect(note.startsWith(read.slice(0, -1))).toBe(true)
          expect(Buffer.byteLength(JSON.stringify(read))).toBeGreaterThan(302 - 4)
        }
      }),
    )
  })
})

describe('parseRecord()', () => {
  const unknown = { host: undefined, since: undefined, command: undefined, note: undefined }
  test.each([
    { what: 'an empty file', text: '', expected: { token: 0, holder: undefined, state: 'unknown' } },
    { what: 'a bare pid', text: '123', expected: { token: 0, holder: { pid: 123, ...unknown }, state: 'unknown' } },
    {
      what: 'zeros after a power loss',
      text: '\0'.repeat(1024),
      expected: { token: 0, holder: undefined, state: 'unknown' },
    },
    {
      what: 'a torn record',
      text: encodeRecord(record).toString().slice(0, 40),
      expected: { token: 0, holder: { pid: 4711, ...unknown }, state: 'unknown' },
    },
    {
      what: "another program's pid over an old record",
      text: encodeRecord(record).toString().replace('4711', '9999'),
      expected: { token: 17, holder: { pid: 9999, ...unknown }, state: 'unknown' },
    },
    { what: 'pid zero', text: '0\n{}', expected: { token: 0, holder: undefined, state: 'unknown' } },
    {
      what: 'JSON that is no object',
      text: '5\n[1]\n',
      expected: { token: 0, holder: { pid: 5, ...unknown }, state: 'unknown' },
    },
    {
      what: 'a token nothing can be larger than',
      text: `5\n{"pid":5,"token":${Number.MAX_SAFE_INTEGER}}\n`,
      expected: { token: 0, holder: { pid: 5, ...unknown }, state: 'held' },
    },
  ])('reads what there is in $what', ({ text, expected }) => {
    expect(parseRecord(Buffer.from(text))).toEqual(expected)
  })

  test('never throws, and never makes up a state', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1100 }), (bytes) => {
        expect(parseRecord(bytes).state).toBe('unknown')
      }),
    )
  })
})

test.each([
  { last: 0, now: 1000, expected: 1000 },
  { last: 1000, now: 1000, expected: 1001 },
  { last: 5000, now: 1000, expected: 5001 },
])('nextToken($last, $now) is $expected', ({ last, now, expected }) => {
  expect(nextToken(last, now)).toBe(expected)
})
