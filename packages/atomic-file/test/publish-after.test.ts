import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { keepBackup, openAppendFile, writeFileAtomic } from '@holdfast/atomic-file'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'

const dir = useTempDir()

describe('writeFileAtomic() with publishAfter', () => {
  test('does not replace the file before the other work has succeeded', async () => {
    writeFileSync(`${dir()}/state`, 'old')
    const { promise, resolve } = Promise.withResolvers<void>()
    const written = writeFileAtomic(`${dir()}/state`, 'new', { publishAfter: () => promise })
    // The temporary file with all its bytes is there, so that only the other work is missing.
    await expect
      .poll(() => readdirSync(dir()).some((name) => readFileSync(`${dir()}/${name}`, 'utf8') === 'new'))
      .toBe(true)
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
    resolve()
    await written
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('new')
    expect(readdirSync(dir())).toEqual(['state'])
  })

  test('replaces nothing and rejects with the same error when the other work fails', async () => {
    writeFileSync(`${dir()}/state`, 'old')
    const failure = new Error('the journal is full')
    const written = writeFileAtomic(`${dir()}/state`, 'new', { publishAfter: () => Promise.reject(failure) })
    await expect(written).rejects.toBe(failure)
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
    expect(readdirSync(dir())).toEqual(['state'])
  })

  test('does not begin the other work when the bytes cannot be written', async () => {
    let begun = false
    const publishAfter = async (): Promise<void> => {
      begun = true
    }
    await expect(writeFileAtomic(`${dir()}/missing/state`, 'new', { publishAfter })).rejects.toMatchObject({
      code: 'ENOENT',
    })
    expect(begun).toBe(false)
  })
})

describe('keepBackup()', () => {
  test('gives the old content a second name that a later write does not change', async () => {
    writeFileSync(`${dir()}/state`, 'one')
    await keepBackup(`${dir()}/state`, `${dir()}/state.bak`)
    await writeFileAtomic(`${dir()}/state`, 'two')
    expect(readFileSync(`${dir()}/state.bak`, 'utf8')).toBe('one')
    await keepBackup(`${dir()}/state`, `${dir()}/state.bak`)
    expect(readFileSync(`${dir()}/state.bak`, 'utf8')).toBe('two')
    expect(readdirSync(dir()).sort()).toEqual(['state', 'state.bak'])
  })

  test('throws when there is no such file', async () => {
    await expect(keepBackup(`${dir()}/state`, `${dir()}/state.bak`)).rejects.toMatchObject({
      name: 'AtomicFileError',
      code: 'ENOENT',
    })
    expect(existsSync(`${dir()}/state.bak`)).toBe(false)
  })
})

describe('AppendFile.fd', () => {
  test('is the open descriptor of the file', async () => {
    await using file = await openAppendFile(`${dir()}/log`)
    await file.append('line')
    expect(readFileSync(`/dev/fd/${file.fd}`, 'utf8')).toBe('line')
  })
})
