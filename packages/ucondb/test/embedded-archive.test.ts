import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { bytes, fileOf, openEmbedded } from './embedded-store.js'

const dir = useTempDir()

describe('embedded archive', () => {
  test('opening and reading make no files', async () => {
    await using archive = await openEmbedded(join(dir(), 'store'))
    expect(await archive.listKeys()).toEqual([])
    expect(await archive.stat('7')).toBeUndefined()
    expect(await archive.check()).toEqual({ usable: true, folderExists: false, problems: [] })
    expect(readdirSync(dir())).toEqual([])
  })

  test('put() writes the body under the key and its record beside it', async () => {
    const now = (): number => Date.UTC(2026, 2, 18, 12, 31, 2, 345)
    await using archive = await openEmbedded(dir(), 10_000, { now })
    await archive.put('18255', bytes('Wikipedia'))
    expect(readFileSync(fileOf(dir(), '18255'), 'utf8')).toBe('Wikipedia')
    expect(JSON.parse(readFileSync(fileOf(dir(), '18255.json'), 'utf8'))).toEqual({
      version: 1,
      key: '18255',
      size: 9,
      adler32: 0x11e60398,
      sha256: 'd38b38a2dd476e045c299e8ee5d6466834456d97bd592a71746b423a6a05f386',
      storedAt: '2026-03-18T12:31:02.345Z',
    })
    expect(await archive.stat('18255')).toMatchObject({
      storedAt: now(),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  test('listKeys() passes over what is not a body', async () => {
    await using archive = await openEmbedded(dir())
    await archive.put('7', bytes('x'))
    mkdirSync(fileOf(dir(), 'folder'))
    writeFileSync(fileOf(dir(), '.hidden'), '')
    writeFileSync(fileOf(dir(), 'with blank'), '')
    writeFileSync(fileOf(dir(), 'orphan.json'), '{}')
    expect(await archive.listKeys()).toEqual(['7'])
  })

  test('put() makes a folder that was removed meanwhile again', async () => {
    await using archive = await openEmbedded(join(dir(), 'store'))
    await archive.put('7', bytes('x'))
    rmSync(join(dir(), 'store'), { recursive: true })
    expect(await archive.put('7', bytes('y'))).toMatchObject({ outcome: 'stored' })
    expect(await archive.get('7')).toEqual(bytes('y'))
  })

  test('check() and put() name the part of the path that is a file', async () => {
    writeFileSync(join(dir(), 'runs'), '')
    await using archive = await openEmbedded(dir())
    const { usable, folderExists, problems } = await archive.check()
    expect({ usable, folderExists }).toEqual({ usable: false, folderExists: false })
    expect(problems).toEqual([
      { message: `'${join(dir(), 'runs')}' is not a folder`, hint: expect.stringContaining('Choose') },
    ])
    await expect(archive.put('7', bytes('x'))).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_UNAVAILABLE',
      cause: { code: 'ENOTDIR' },
    })
  })
})
