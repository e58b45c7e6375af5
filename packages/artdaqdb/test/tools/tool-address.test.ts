import { describeDatabaseUri, isRemoteHost, parseToolUri } from '@holdfast/artdaqdb'
import { describe, expect, test } from 'vitest'
import { toolText } from '../../src/tools/tool-text.js'

describe('parseToolUri()', () => {
  test.each([
    ['mongodb://daq:s3cr%40t@db01:27017/archive?replicaSet=rs0', 'mongodb://db01:27017/archive'],
    ['mongodb://db01,db02:27018/archive', 'mongodb://db01,db02:27018/archive'],
    ['mongodb+srv://daq:s3cr@db.example.org/archive', 'mongodb+srv://db.example.org/archive'],
    ['mongodb://[::1]:27017,db02/archive', 'mongodb://[::1]:27017,db02/archive'],
    ['mongodb://daq:s3cr@db01/archive?appName=run@daq', 'mongodb://db01/archive'],
    ['filesystemdb:///data/db', 'filesystemdb:///data/db'],
  ])('shows %s as %s', (uri, location) => {
    expect(parseToolUri(uri).location).toBe(location)
    expect(describeDatabaseUri(uri)).toBe(location)
  })

  test.each([
    ['no database, where the tools would take a default one', 'mongodb://daq:s3cr@db01'],
    ['an empty database', 'mongodb://daq:s3cr@db01/'],
    ['an unescaped @', 'mongodb://daq:s3@cr@db01/archive'],
    ['a password with a slash, without a database', 'mongodb://daq:s3cr/et@db01'],
    ['a password with a slash and a question mark', 'mongodb://daq:s3cr/x?y@db01/archive'],
    ['a password that begins like a port', 'mongodb://daq:12/s3cr?y@db01/archive'],
    ['a line feed', 'mongodb://daq:s3cr@db01/archive\nX=1'],
    ['another scheme', 'mongo://daq:s3cr@db01/archive'],
  ])('refuses %s without showing credentials', (_, uri) => {
    expect(() => parseToolUri(uri)).toThrow(expect.objectContaining({ code: 'ERR_ARTDAQDB_URI' }))
    expect(() => parseToolUri(uri)).not.toThrow(/s3|cr@/)
    expect(describeDatabaseUri(uri)).not.toMatch(/s3|daq/)
  })
})

describe('toolText()', () => {
  test('leaves out secrets, control characters and colours, on one line', () => {
    const { secrets } = parseToolUri('mongodb://daq:s3cr%40t@db01/archive?tlsCertificateKeyFilePassword=hush')
    const printed =
      '\u001b[31mfailed\u001b[0m for mongodb://daq:s3cr%40t@db01/archive\r\n s3cr@t hush\u0007\u202e\nmongodb://o:p@x'
    const text = toolText(printed, secrets)
    expect(text).toBe('failed for mongodb://…@db01/archive | … … | mongodb://…@x')
  })

  test('keeps the end of a long text', () => {
    const text = toolText(`${'line\n'.repeat(1_000)}the reason`, [])
    expect(text.length).toBeLessThan(700)
    expect(text).toMatch(/the reason$/)
  })
})

test.each([
  ['db01', true],
  ['daq@db-01.example.org', true],
  ['-oProxyCommand=id', false],
  ['daq@-oX', false],
  ['db01 ls', false],
  ['db01;ls', false],
  ['', false],
])('isRemoteHost(%j) is %s', (host, expected) => {
  expect(isRemoteHost(host)).toBe(expected)
})
