import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { makeDirectory, moveFile, removeFile, syncDirectory } from '@holdfast/atomic-file'
import { mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { callInChild, IS_ROOT, NOBODY } from './call-in-child.js'

const dir = useTempDir()

describe('makeDirectory()', () => {
  test.each(['a', 'a/b/c', 'a/b/c/', './a/../a/b'])('creates %s, and may be called again', async (path) => {
    await makeDirectory(`${dir()}/${path}`)
    await makeDirectory(`${dir()}/${path}`)
    expect(statSync(`${dir()}/${path}`).isDirectory()).toBe(true)
  })

  test('takes relative paths', async () => {
    expect(await callInChild({ call: 'makeDirectory', cwd: dir(), args: ['a/b'] })).toEqual({
      type: 'result',
      value: null,
    })
    expect(statSync(`${dir()}/a/b`).isDirectory()).toBe(true)
  })

  test('creates with the mode asked for', async () => {
    await makeDirectory(`${dir()}/a/b`, { mode: 0o700 })
    expect([statSync(`${dir()}/a`).mode & 0o777, statSync(`${dir()}/a/b`).mode & 0o777]).toEqual([0o700, 0o700])
  })

  test('throws when there is a file in the way', async () => {
    writeFileSync(`${dir()}/file`, '')
    await expect(makeDirectory(`${dir()}/file`)).rejects.toMatchObject({ name: 'AtomicFileError', code: 'EEXIST' })
    await expect(makeDirectory(`${dir()}/file/a`)).rejects.toMatchObject({ name: 'AtomicFileError', code: 'ENOTDIR' })
    symlinkSync('nowhere', `${dir()}/link`)
    await expect(makeDirectory(`${dir()}/link`)).rejects.toMatchObject({ name: 'AtomicFileError', code: 'EEXIST' })
  })

  test.runIf(existsSync('/proc'))('throws where a folder that exists takes no other, as /proc does', async () => {
    // In a process of its own: Node's own way would never end.
    expect(await callInChild({ call: 'makeDirectory', cwd: dir(), args: ['/proc/holdfast/a'] })).toMatchObject({
      name: 'AtomicFileError',
      code: 'ENOENT',
    })
  })

  test('makes one folder from many calls at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => makeDirectory(`${dir()}/a/b/c`)))
    expect(statSync(`${dir()}/a/b/c`).isDirectory()).toBe(true)
  })
})

describe('moveFile()', () => {
  test('moves and replaces', async () => {
    mkdirSync(`${dir()}/other`)
    writeFileSync(`${dir()}/state`, 'new')
    writeFileSync(`${dir()}/other/state`, 'old')
    await moveFile(`${dir()}/state`, `${dir()}/other/state`)
    expect(existsSync(`${dir()}/state`)).toBe(false)
    expect(readFileSync(`${dir()}/other/state`, 'utf8')).toBe('new')
  })

  test.each([
    { from: 'missing', to: 'state', code: 'ENOENT' },
    { from: 'state', to: 'missing/state', code: 'ENOENT' },
  ])('throws $code from $from to $to', async ({ from, to, code }) => {
    writeFileSync(`${dir()}/state`, 'old')
    await expect(moveFile(`${dir()}/${from}`, `${dir()}/${to}`)).rejects.toMatchObject({
      name: 'AtomicFileError',
      code,
      path: `${dir()}/${from}`,
    })
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
  })

  test('throws EXDEV with a hint between file systems (needs the right to mount)', async (context) => {
    const disk = mountTinyFileSystem(64 * 1024)
    if (disk === undefined) return context.skip('mounting needs root')
    writeFileSync(`${dir()}/state`, 'old')
    const error = { code: 'EXDEV', hint: expect.stringContaining('one file system') }
    await expect(moveFile(`${dir()}/state`, `${disk}/state`)).rejects.toMatchObject(error)
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
  })
})

describe('removeFile()', () => {
  test('tells whether there was a file', async () => {
    writeFileSync(`${dir()}/state`, '')
    expect([await removeFile(`${dir()}/state`), await removeFile(`${dir()}/state`)]).toEqual([true, false])
    expect(await removeFile(`${dir()}/missing/state`)).toBe(false)
  })

  test('removes a link, not its target', async () => {
    writeFileSync(`${dir()}/state`, '')
    symlinkSync('state', `${dir()}/link`)
    expect(await removeFile(`${dir()}/link`)).toBe(true)
    expect([existsSync(`${dir()}/link`), existsSync(`${dir()}/state`)]).toEqual([false, true])
  })

  test('throws when it may not', async () => {
    writeFileSync(`${dir()}/state`, '')
    chmodSync(dir(), 0o555)
    const outcome = await callInChild({ ...(IS_ROOT ? NOBODY : {}), call: 'removeFile', args: [`${dir()}/state`] })
    chmodSync(dir(), 0o755)
    expect(outcome).toMatchObject({ name: 'AtomicFileError', code: 'EACCES' })
    expect(existsSync(`${dir()}/state`)).toBe(true)
  })
})

describe('syncDirectory()', () => {
  test('resolves for a folder', async () => {
    await expect(syncDirectory(dir())).resolves.toBeUndefined()
  })

  test('throws for what is missing, a file, or a named pipe, without waiting', async () => {
    writeFileSync(`${dir()}/file`, '')
    execFileSync('mkfifo', [`${dir()}/pipe`])
    await expect(syncDirectory(`${dir()}/missing`)).rejects.toMatchObject({ name: 'AtomicFileError', code: 'ENOENT' })
    await expect(syncDirectory(`${dir()}/file`)).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(syncDirectory(`${dir()}/pipe`)).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})
