import { openRunDatabase, parseDatabaseUri } from '@holdfast/artdaqdb'
import { describe, expect, test } from 'vitest'

describe('parseDatabaseUri()', () => {
  test.each([
    ['filesystemdb:///data/archive_db', '/data/archive_db'],
    ['filesystemdb:///data/archive_db/', '/data/archive_db'],
    ['filesystemdb:///data/a-b.c/x_y+1', '/data/a-b.c/x_y+1'],
  ])('takes %s as %s', (uri, path) => {
    expect(parseDatabaseUri(uri)).toEqual({ uri, path })
  })

  test.each([
    undefined,
    '',
    'filesystemdb://',
    'filesystemdb:///',
    'filesystemdb:////',
    'filesystemdb:///data/..',
    'filesystemdb://relative/path',
    'http://host/db',
    '/data/archive_db',
  ])('refuses %s', (uri) => {
    expect(() => parseDatabaseUri(uri)).toThrow(expect.objectContaining({ code: 'ERR_ARTDAQDB_URI' }))
  })

  test.each(['$HOME', '~', 'a b', '`id`', '*', '?', '[a]', '(a)', '{a,b}', "'", '"', '\\', ';', '|', '&', '<', '\n'])(
    'refuses a path with %j, which the original tools would expand',
    (part) => {
      expect(() => parseDatabaseUri(`filesystemdb:///data/${part}/db`)).toThrow(
        expect.objectContaining({ code: 'ERR_ARTDAQDB_URI', message: expect.stringContaining('would expand') }),
      )
    },
  )

  test('names the missing provider for mongodb:// and does not repeat the password', async () => {
    const opened = openRunDatabase({ uri: 'mongodb://user:secret@host/db' })
    await expect(opened).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_PROVIDER', provider: 'mongodb' })
    await expect(opened).rejects.not.toMatchObject({ message: expect.stringContaining('secret') })
  })

  test('does not repeat the password of other URIs', () => {
    expect(() => parseDatabaseUri('postgres://user:secret@host/db')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    )
  })
})
