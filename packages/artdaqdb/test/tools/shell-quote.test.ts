import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quoteForShell } from '../../src/tools/shell-quote.js'

const words = fc.string({ unit: 'grapheme-ascii', maxLength: 30 }).filter((word) => !/[!\\]/.test(word))

describe('quoteForShell()', () => {
  test.each(['sh', 'bash'])('gives %s exactly the words that were quoted', (shell) => {
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 6 }), (list) => {
        // As ssh does: all arguments joined by blanks, read by one shell.
        const command = ['printf', "'[%s]'", ...list.map(quoteForShell)].join(' ')
        expect(execFileSync(shell, ['-c', command], { encoding: 'utf8' })).toBe(
          list.map((word) => `[${word}]`).join(''),
        )
      }),
      { numRuns: 60 },
    )
  })

  test.each(['', "'", "''", "a'b", '$(id)', '`id`', '; id', '"', '*', '~', '-x', '#', 'é'])('keeps %j', (word) => {
    const command = `printf %s ${quoteForShell(word)}`
    expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' })).toBe(word)
  })

  test.each(['a\nb', 'a\u0000b', 'a\rb', 'a!b', 'a\\b'])('refuses %j, which not every shell keeps', (word) => {
    expect(() => quoteForShell(word)).toThrow(RangeError)
  })
})
