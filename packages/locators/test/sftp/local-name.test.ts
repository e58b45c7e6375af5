import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { localName } from '../../src/sftp/local-name.ts'

const temporary = useTempDir()

describe('localName()', () => {
  test.each([
    ['doc/cor/20250829c.txt', 'doc/cor/20250829c.txt'],
    ['a file with spaces.txt', 'a file with spaces.txt'],
    ['élève.txt', 'élève.txt'],
    ['日本/データ.csv', '日本/データ.csv'],
    ['/etc/passwd', '%/etc/passwd'],
    ['../../etc/passwd', '%2E%2E/%2E%2E/etc/passwd'],
    ['a/../b', 'a/%2E%2E/b'],
    ['./a', '%2E/a'],
    ['.bashrc', '%2Ebashrc'],
    ['a\nb', 'a%0Ab'],
    ['a\u0000b', 'a%00b'],
    ['a\u001b[2Jb', 'a%1B[2Jb'],
    ['a\\..\\b', 'a%5C..%5Cb'],
    ['100%', '100%25'],
    ['a ', 'a%20'],
    ['a//b', 'a/%/b'],
    ['abc\u202etxt.exe', 'abc%E2%80%AEtxt.exe'],
  ])('makes %j %j', (remote, local) => expect(localName(remote)).toBe(local))

  const hard = fc.array(
    fc.constantFrom('.', '..', '/', '%', '~', '2', 'E', '\n', '\0', '\\', ' ', 'é', 'e\u0301', 'x'.repeat(90)),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  const paths = fc.oneof(
    hard.map((parts) => parts.join('')),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }).map((text) => text.toWellFormed()),
  )

  test('never leaves the folder, whatever the server says', () => {
    const folder = temporary()
    fc.assert(
      fc.property(paths, (remote) => {
        const local = localName(remote)
        expect(join(folder, local).startsWith(folder + sep)).toBe(true)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        expect(local).not.toMatch(/[\u0000-\u001f\u007f]|(^|\/)\.{1,2}(\/|$)|^\/|\/\//)
        for (const segment of local.split('/')) expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(255)
      }),
      { numRuns: 2000 },
    )
  })

  test('two paths never have the same name', () => {
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        expect(localName(a) === localName(b)).toBe(a === b)
      }),
      { numRuns: 3000 },
    )
    const names = ['%', '', '%25', 'a%2Fb', 'a/b', 'é', 'e\u0301', `${'x'.repeat(300)}1`, `${'x'.repeat(300)}2`]
    expect(new Set(names.map(localName)).size).toBe(names.length)
  })

  test('is a name that a real file can have', async () => {
    const folder = temporary()
    for (const remote of [
      `${'x'.repeat(300)}/${'é'.repeat(300)}.txt`,
      'a\nb\0c/..',
      '/'.repeat(5),
      'y/'.repeat(3000),
    ]) {
      const path = join(folder, localName(remote))
      await mkdir(dirname(path), { recursive: true })
      writeFileSync(path, 'x')
    }
  })
})
