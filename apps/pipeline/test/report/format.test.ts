import { escapeHtml, html } from '@holdfast/cli-kit'
import { expect, test } from 'vitest'
import { formatBytes, formatDuration } from '../../src/report/format.js'

test.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [9_949, '9.9 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min'],
  [185_000, '3 min 5 s'],
  [3_599_600, '1 h'],
  [8_040_000, '2 h 14 min'],
  [273_600_000, '3 d 4 h'],
])('formatDuration(%d) is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [9_940_000, '9.9 MB'],
  [12_400_000, '12 MB'],
  [5e15, '5000 TB'],
])('formatBytes(%d) is %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  ['<b title="a">\'&\'</b>', '&lt;b title=&quot;a&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;'],
  ['\u001b[31mred\u001b[0m', 'red'],
  ['a\0b\u202ec\ufeff', 'a\\u{0}b\\u{202e}c\\u{feff}'],
  ['line\n\ttab', 'line\n\ttab'],
  ['\ud800 \u{1f600}', '\ufffd \u{1f600}'],
])('escapeHtml(%j) is %j', (text, escaped) => {
  expect(escapeHtml(text)).toBe(escaped)
})

test('html escapes every value but that of html itself', () => {
  const page = html`<i title="${'"'}">${['<', html`<b>${1}</b>`, undefined]}</i>`
  expect(page.text).toBe('<i title="&quot;">&lt;<b>1</b></i>')
})
