import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { SftpConnection } from '../../src/sftp/connection.ts'
import { createSftpPool } from '../../src/sftp/connection-pool.ts'
import { type ListedFile, makeFileLister, type SftpSort, type SftpSource } from '../../src/sftp/list-files.ts'
import { loginTo, putFiles, useSftpServer } from './use-sftp.ts'

const server = useSftpServer()
afterEach(() => rmSync(join(server().root, 'd'), { recursive: true, force: true }))

async function list(sources: readonly SftpSource[], sort?: SftpSort): Promise<ListedFile[]> {
  await using pool = createSftpPool(loginTo(server()))
  return await pool.use((connection) => makeFileLister(sources, sort).list(connection))
}

async function paths(sources: readonly SftpSource[], sort?: SftpSort): Promise<string[]> {
  return (await list(sources, sort)).map(({ path }) => path)
}

describe('a directory', () => {
  test('gives its files with size and time, and neither directories nor hidden files', async () => {
    putFiles(server().root, {
      'd/a.txt': { text: 'four', mtime: '2026-01-02T03:04:05Z' },
      'd/sub/b.txt': {},
      'd/.c': {},
    })
    expect(await list([{ directory: 'd' }])).toEqual([
      { path: 'd/a.txt', size: 4, mtimeMs: Date.parse('2026-01-02T03:04:05Z') },
    ])
  })

  test.each<{ patterns: string[]; recursive: boolean; expected: string[] }>([
    { patterns: ['*.txt'], recursive: false, expected: ['d/a.txt', 'd/b.txt'] },
    { patterns: ['?.txt', '*.zip'], recursive: false, expected: ['d/a.txt', 'd/b.txt', 'd/c.zip'] },
    { patterns: ['{a,c}.*'], recursive: false, expected: ['d/a.txt', 'd/c.zip'] },
    { patterns: ['[ab].txt'], recursive: false, expected: ['d/a.txt', 'd/b.txt'] },
    { patterns: ['*.txt'], recursive: true, expected: ['d/a.txt', 'd/b.txt', 'd/s/a.txt', 'd/s/t/z.txt'] },
    { patterns: ['s/*.txt'], recursive: true, expected: ['d/s/a.txt'] },
    { patterns: ['s/**'], recursive: true, expected: ['d/s/a.txt', 'd/s/t/z.txt'] },
    { patterns: ['**/a.txt'], recursive: true, expected: ['d/a.txt', 'd/s/a.txt'] },
  ])('$patterns, recursive $recursive', async ({ patterns, recursive, expected }) => {
    putFiles(server().root, { 'd/a.txt': {}, 'd/b.txt': {}, 'd/c.zip': {}, 'd/s/a.txt': {}, 'd/s/t/z.txt': {} })
    expect(await paths([{ directory: 'd', patterns, recursive }])).toEqual(expected)
  })

  test('follows links to files, with their size, and no others', async () => {
    putFiles(server().root, { 'd/a.txt': { text: '12345' }, 'd/sub/b.txt': {} })
    symlinkSync('a.txt', join(server().root, 'd/link.txt'))
    symlinkSync('nowhere', join(server().root, 'd/dangling.txt'))
    symlinkSync('..', join(server().root, 'd/sub/loop'))
    const files = await list([{ directory: 'd', recursive: true }])
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ['d/a.txt', 5],
      ['d/link.txt', 5],
      ['d/sub/b.txt', 'content of d/sub/b.txt\n'.length],
    ])
  })

  test('filters by the date in the name, not by that in a directory', async () => {
    const names = ['20250828c.txt', '20250829c.txt', '20250230c.txt', 'cordata.zip']
    putFiles(server().root, Object.fromEntries(names.map((name) => [`d/20260101/${name}`, {}])))
    const source = { directory: 'd', recursive: true, dates: { from: '2025-08-29' } }
    expect(await paths([source])).toEqual(['d/20260101/20250829c.txt'])
  })

  test.each<{ sort: SftpSort; expected: string }>([
    { sort: {}, expected: 'a b c' },
    { sort: { reverse: true }, expected: 'c b a' },
    { sort: { by: 'mtime' }, expected: 'b c a' },
    { sort: { by: 'mtime', reverse: true }, expected: 'a c b' },
    { sort: { by: 'size' }, expected: 'c a b' },
  ])('sorts by $sort', async ({ sort, expected }) => {
    putFiles(server().root, {
      'd/a': { text: '22', mtime: '2026-01-03T00:00:00Z' },
      'd/b': { text: '333', mtime: '2026-01-01T00:00:00Z' },
      'd/c': { text: '1', mtime: '2026-01-02T00:00:00Z' },
    })
    expect((await paths([{ directory: 'd' }], sort)).map((path) => path.slice(2)).join(' ')).toBe(expected)
  })

  test('has names with spaces, brackets, line ends and letters of every script', async () => {
    const names = ['a b.txt', '[x].txt', 'new\nline.txt', 'élève.txt', '日本.txt', '-rf.txt', "it's.txt", 'a\\b.txt']
    putFiles(server().root, Object.fromEntries(names.map((name) => [`d/${name}`, {}])))
    expect(await paths([{ directory: 'd', patterns: ['*.txt'] }])).toEqual(names.map((name) => `d/${name}`).sort())
  })

  test.each([150, 1200])('of %i files gives all of them, with no question per file', async (count) => {
    const names = Array.from({ length: count }, (_, index) => `d/${String(index).padStart(5, '0')}.txt`)
    putFiles(server().root, Object.fromEntries(names.map((name) => [name, { text: name }])))
    await using pool = createSftpPool(loginTo(server()))
    let stats = 0
    const found = await pool.use((connection) =>
      makeFileLister([{ directory: 'd' }]).list(
        new Proxy(connection, {
          get(target, property) {
            if (property === 'stat') stats += 1
            const value: unknown = Reflect.get(target, property, target)
            return typeof value === 'function' ? value.bind(target) : value
          },
        }),
      ),
    )
    expect(found.map(({ path }) => path)).toEqual(names)
    expect(stats).toBe(0)
  })
})

describe('a file', () => {
  test('is looked for by its path; twice the same file is one', async () => {
    putFiles(server().root, { 'd/a.txt': {}, 'd/b.txt': {} })
    const sources = [{ file: 'd/b.txt' }, { file: 'd/./b.txt' }, { directory: 'd/', patterns: ['b*'] }]
    expect(await paths(sources)).toEqual(['d/b.txt'])
    expect(await paths([{ file: join(server().root, 'd/a.txt') }])).toEqual([join(server().root, 'd/a.txt')])
  })

  test('that is not there is a failure, unless it is optional', async () => {
    await expect(paths([{ file: 'd/none' }])).rejects.toMatchObject({ code: 'ERR_SFTP_PATH', status: 'no-such-file' })
    expect(await paths([{ file: 'd/none', optional: true }])).toEqual([])
  })

  test('that is a directory is a failure', async () => {
    mkdirSync(join(server().root, 'd'))
    await expect(paths([{ file: 'd' }])).rejects.toMatchObject({ code: 'ERR_SFTP_PATH' })
  })
})

describe('a listing that fails is a failure', () => {
  test('a directory that is not there', async () => {
    await expect(paths([{ directory: 'd' }])).rejects.toMatchObject({
      code: 'ERR_SFTP_PATH',
      status: 'no-such-file',
      path: 'd',
    })
  })

  test('a directory, below the one that was asked for, that may not be read', async () => {
    putFiles(server().root, { 'd/a.txt': {}, 'd/closed/b.txt': {} })
    chmodSync(join(server().root, 'd/closed'), 0)
    await expect(paths([{ directory: 'd', recursive: true }])).rejects.toMatchObject({ status: 'permission-denied' })
  })

  test.each(['../../etc/passwd', '..', '', 'a\0b'])('a server that lists the name %j', async (name) => {
    const entry = { name, kind: 'file', size: 1, mtimeMs: 0 } as const
    const evil = { list: async () => [entry] } as unknown as SftpConnection
    await expect(makeFileLister([{ directory: 'd' }]).list(evil)).rejects.toMatchObject({ code: 'ERR_SFTP_PATH' })
  })
})

test.each([
  { sources: [], message: /sources/ },
  { sources: [{ directory: '' }], message: /directory/ },
  { sources: [{ file: 'a\0b' }], message: /file/ },
  { sources: [{ directory: 'd', patterns: [] }], message: /patterns/ },
  { sources: [{ directory: 'd', patterns: ['a/*'] }], message: /recursive/ },
  { sources: [{ directory: 'd', dates: { from: '2025-02-30' } }], message: /from/ },
])('sources that cannot be meant are refused: $sources', ({ sources, message }) => {
  expect(() => makeFileLister(sources)).toThrow(message)
})
