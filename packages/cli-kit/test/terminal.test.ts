import { describe, expect, test } from 'vitest'
import { cutToWidth, describeTerminal, displayWidth, harmless, toHarmlessJson } from '../src/index.js'

describe('cutToWidth() fits a text into columns', () => {
  test.each([
    { text: 'plain', columns: 5, cut: 'plain' },
    { text: 'plains', columns: 5, cut: 'plai…' },
    { text: '深夜図書館', columns: 10, cut: '深夜図書館' },
    { text: '深夜図書館', columns: 9, cut: '深夜図書…' },
    { text: '深夜図書館', columns: 8, cut: '深夜図…' },
    { text: '👩‍👩‍👧 family', columns: 4, cut: '👩‍👩‍👧 …' },
    { text: 'e\u0301e\u0301e\u0301', columns: 2, cut: 'e\u0301…' },
    { text: 'plain', columns: 0, cut: '…' },
  ])('$text in $columns: $cut', ({ text, columns, cut }) => {
    expect(cutToWidth(text, columns)).toBe(cut)
    expect(displayWidth(cut)).toBeLessThanOrEqual(Math.max(columns, 1))
  })
})

describe('describeTerminal()', () => {
  test.each([
    { stream: { isTTY: true, columns: 4 }, env: {}, shown: '\u001b[1mabc…\u001b[22m' },
    { stream: { isTTY: true, columns: 4 }, env: { NO_COLOR: '' }, shown: '\u001b[1mabc…\u001b[22m' },
    { stream: { isTTY: true, columns: 4 }, env: { NO_COLOR: '0' }, shown: 'abc…' },
    { stream: { isTTY: true, columns: 4 }, env: { TERM: 'dumb' }, shown: 'abc…' },
    { stream: { isTTY: true, columns: 0 }, env: { TERM: 'dumb' }, shown: 'abcdef' },
    { stream: { isTTY: false, columns: 4 }, env: { FORCE_COLOR: '1' }, shown: 'abcdef' },
    { stream: {}, env: {}, shown: 'abcdef' },
  ])('of $stream with $env', ({ stream, env, shown }) => {
    const terminal = describeTerminal(stream, env)
    expect(terminal.style('bold', terminal.fit('abcdef'))).toBe(shown)
  })
})

test('harmless() leaves no character that a terminal acts on', () => {
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join('x')
  expect(harmless(all)).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]|\p{Bidi_Control}/u)
  expect(harmless('Ünï 深夜 😀 [b]')).toBe('Ünï 深夜 😀 [b]')
})

test('toHarmlessJson() is read back as the same value', () => {
  const value = { 'a\u009b\u202e\u007f': ['\u001b[31m', '\ud800', 1, null] }
  expect(JSON.parse(toHarmlessJson(value))).toEqual(value)
  expect(toHarmlessJson(value).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cs}]|\p{Bidi_Control}/u)
})
