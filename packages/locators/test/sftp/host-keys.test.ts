import { createHmac } from 'node:crypto'
import { makeSftpKey } from '@holdfast/testkit/sftp-server'
import { describe, expect, test } from 'vitest'
import { describeHostKey, parseHostKeys } from '../../src/sftp/host-keys.ts'

const key = makeSftpKey()
const other = makeSftpKey()
const bytes = (publicKey: string): Buffer => Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')
const hashed = (name: string): string => {
  const salt = Buffer.from('a salt of twenty by!')
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

describe('parseHostKeys()', () => {
  test.each([
    { what: 'a fingerprint', text: key.fingerprint, port: 22 },
    { what: 'a fingerprint with padding', text: `${key.fingerprint}=`, port: 22 },
    { what: 'a bare key', text: key.publicKey, port: 22 },
    { what: 'a line of known_hosts', text: `sftp.example ${key.publicKey} comment`, port: 22 },
    { what: 'a line with several names', text: `other,SFTP.example,10.0.0.1 ${key.publicKey}`, port: 22 },
    { what: 'a line with a pattern', text: `*.example ${key.publicKey}`, port: 22 },
    { what: 'a line with a port', text: `[sftp.example]:2222 ${key.publicKey}`, port: 2222 },
    { what: 'a line with a hashed name', text: `${hashed('sftp.example')} ${key.publicKey}`, port: 22 },
    {
      what: 'a whole known_hosts',
      text: `# hosts\n\nelse ${other.publicKey}\nsftp.example ${key.publicKey}\n`,
      port: 22,
    },
  ])('$what lets this key in and no other', ({ text, port }) => {
    const keys = parseHostKeys([text], 'sftp.example', port)
    expect(keys.accepts(bytes(key.publicKey))).toBe(true)
    expect(keys.accepts(bytes(other.publicKey))).toBe(false)
  })

  test.each([
    { what: 'a line for another host', text: `else ${key.publicKey}`, message: /No key of 'sftp.example:22'/ },
    { what: 'a line for another port', text: `[sftp.example]:2222 ${key.publicKey}`, message: /No key/ },
    { what: 'a name that is excluded', text: `!sftp.example,*.example ${key.publicKey}`, message: /No key/ },
    { what: 'a hash of another name', text: `${hashed('else')} ${key.publicKey}`, message: /No key/ },
    { what: 'an authority', text: `@cert-authority * ${key.publicKey}`, message: /Certificates/ },
    { what: 'an MD5 fingerprint', text: 'MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48', message: /Expected/ },
    { what: 'half a key', text: key.publicKey.slice(0, 30), message: /Expected/ },
  ])('$what is refused', ({ text, message }) => {
    expect(() => parseHostKeys([text], 'sftp.example', 22)).toThrow(message)
  })

  test('a revoked key is not let in, even if another line names it', () => {
    const keys = parseHostKeys([`@revoked * ${key.publicKey}`, key.fingerprint, other.fingerprint], 'sftp.example', 22)
    expect(keys.accepts(bytes(key.publicKey))).toBe(false)
    expect(keys.accepts(bytes(other.publicKey))).toBe(true)
  })
})

test('describeHostKey() tells the type, and the fingerprint as ssh-keygen prints it', () => {
  expect(describeHostKey(bytes(key.publicKey))).toEqual({ type: 'ssh-ed25519', fingerprint: key.fingerprint })
  expect(describeHostKey(Buffer.from([1, 2])).type).toBe('unknown')
})
