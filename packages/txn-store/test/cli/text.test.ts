import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { harmless, shorten, toJson } from '../../src/cli/harmless.js'
import { tryParseInstant } from '../../src/cli/instant.js'
import { shellCommand } from '../../src/shell-command.js'

describe('harmless()', () => {
  test.each([
    ['\u001b[31mred', '\\u001b[31mred'],
    ['two\nlines\r\tand', 'two\\nlines\\r\\tand'],
    ['\u009b2J\u007f\u202e\u2066\ufeff\u2028', '\\u009b2J\\u007f\\u202e\\u2066\\ufeff\\u2028'],
    ['plain ü 漢 🎉', 'plain ü 漢 🎉'],
  ])('%j', (text, shown) => {
    expect(harmless(text)).toBe(shown)
  })
})

describe('toJson()', () => {
  test('is read as the same value', () => {
    const value = { 'key\u009b': ['\u202e\u2028\ufeff\u007f\u001b"\\', 'ü🎉'] }
    expect(JSON.parse(toJson(value))).toEqual(value)
    expect(toJson(value)).toContain('ü🎉')
    for (const harmful of ['\u009b', '\u202e', '\u007f', '\u001b']) expect(toJson(value)).not.toContain(harmful)
  })
})

describe('shorten()', () => {
  test('leaves no half of a character', () => {
    expect(shorten('ab🎉cd', 4)).toBe('ab…')
    expect(shorten('abcd', 4)).toBe('abcd')
  })
})

describe('shellCommand()', () => {
  test.each([
    'plain',
    'with blank',
    "it's",
    '',
    '$HOME `id` "x" \\',
    'a;b|c&d',
    'line\nfeed\u001b[31m\u009b',
    "\u0007'quote\\",
  ])('%j comes through a shell as it was', (word) => {
    const line = shellCommand(['printf', '%s', word])
    expect(execFileSync('bash', ['-c', line], { encoding: 'utf8' })).toBe(word)
    expect(harmless(line)).toBe(line)
  })
})

describe('tryParseInstant()', () => {
  test.each([
    ['2026-03-01T08:00:00Z', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01 08:00:00', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01T08:00', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T08:00:00.5Z', '2026-03-01T08:00:00.500Z'],
    ['2026-03-01T08:00:00.123456Z', '2026-03-01T08:00:00.123Z'],
    ['2026-03-01T08:00:00+05:30', '2026-03-01T02:30:00.000Z'],
    ['2026-03-01T08:00:00-0800', '2026-03-01T16:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('%s', (text, instant) => {
    expect(new Date(tryParseInstant(text) ?? Number.NaN).toISOString()).toBe(instant)
  })

  test.each([
    '',
    'current',
    '2026',
    '2026-02-30',
    '2026-13-01',
    '2026-03-01T25:00',
    '2026-03-01T08:00:00 CET',
    '1772352000',
    'pipeline_20260301_080002_000000.json.bak',
  ])('%j is none', (text) => {
    expect(tryParseInstant(text)).toBeUndefined()
  })
})
