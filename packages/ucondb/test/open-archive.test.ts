import { openArchive } from '@holdfast/ucondb'
import { describe, expect, test } from 'vitest'

const NAMES = { folderName: 'runs', objectName: 'configuration' }

describe('openArchive()', () => {
  test.each([
    ['file:///srv/ucondb', 'file:///srv/ucondb/runs/configuration'],
    ['file:///srv/ucondb/', 'file:///srv/ucondb/runs/configuration'],
    ['file://localhost/srv/ucondb', 'file:///srv/ucondb/runs/configuration'],
    ['FILE:///srv/a%20b%25%23', 'file:///srv/a%20b%25%23/runs/configuration'],
    ['file:///', 'file:///runs/configuration'],
  ])('takes %s', async (serverUrl, location) => {
    await using archive = await openArchive({ serverUrl, ...NAMES })
    expect(archive.location).toBe(location)
  })

  test.each([
    ['/srv/ucondb', 'is not a URL'],
    ['', 'is not a URL'],
    ['ftp://host/x', "begin with 'ftp:'"],
    ['file:srv/ucondb', 'is not absolute'],
    ['file:/srv/ucondb', 'is not absolute'],
    ['file://srv', 'is not absolute'],
    ['file://./srv/ucondb', "names the host '.'"],
    ['file://other.host/srv', "names the host 'other.host'"],
    ['file:///srv?x=1', 'has a query or fragment'],
    ['file:///srv#x', 'has a query or fragment'],
    ['file:///srv%2Fucondb', 'is not a usable path'],
    ['file:///srv%00', 'NUL'],
    ['file:///srv%ff', 'is not a usable path'],
  ])('refuses the address %j', async (serverUrl, message) => {
    await expect(openArchive({ serverUrl, ...NAMES })).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_CONFIG',
      option: 'serverUrl',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('file:///'),
    })
  })

  test('opens a server without connecting to it', async () => {
    const archive = await openArchive({ serverUrl: 'https://ucon.invalid:9443/instance/app/', ...NAMES })
    expect(archive.location).toBe('https://ucon.invalid:9443/instance/app/data/runs/configuration')
    await archive.close()
  })

  test.each(['runs', 'ns.runs', 'Runs_2', '_', '7'])('takes the folder name %j', async (folderName) => {
    await using archive = await openArchive({ serverUrl: 'file:///srv', folderName, objectName: 'o' })
    expect(archive.location).toBe(`file:///srv/${folderName}/o`)
  })

  test.each(['', '.', '..', '.runs', 'runs.', 'a.b.c', 'a-b', 'a/b', 'a b', 'é', 'a\n', 'a\0'])(
    'refuses the folder name %j',
    async (folderName) => {
      const opening = openArchive({ serverUrl: 'file:///srv', folderName, objectName: 'o' })
      await expect(opening).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CONFIG', option: 'folderName' })
    },
  )

  test.each(['', '.', '..', '.put', '-o', 'a/b', 'a b', 'a\n', 'x'.repeat(201)])(
    'refuses the object name %j',
    async (objectName) => {
      const opening = openArchive({ serverUrl: 'file:///srv', folderName: 'runs', objectName })
      await expect(opening).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CONFIG', option: 'objectName' })
    },
  )

  test('refuses a timeout of 0 for a server', async () => {
    const opening = openArchive({ serverUrl: 'http://host', ...NAMES, timeoutMs: 0 })
    await expect(opening).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CONFIG', option: 'timeoutMs' })
  })

  test.each(['a,b', 'a:b', 'a"b', 'a\\b', 'a\nb', 'é', '→'])('refuses the writer %j', async (user) => {
    const opening = openArchive({ serverUrl: 'http://host', ...NAMES, writer: { user, password: 'hush' } })
    await expect(opening).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_CONFIG',
      option: 'writer',
      message: expect.not.stringContaining('hush'),
    })
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses the timeout %d', async (timeoutMs) => {
    const opening = openArchive({ serverUrl: 'file:///srv', ...NAMES, timeoutMs })
    await expect(opening).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CONFIG', option: 'timeoutMs' })
  })
})
