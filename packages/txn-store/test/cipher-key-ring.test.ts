import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { KeyRing, type KeyRingOptions } from '../src/key-ring.js'

const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 8))
const directory = useTempDir()

describe('KeyRing.from() takes', () => {
  test.each<{ readonly title: string; readonly key: string | Uint8Array }>([
    { title: '32 bytes', key: bytes },
    { title: '32 bytes that are no Buffer', key: new Uint8Array(bytes) },
    { title: 'hexadecimal digits', key: bytes.toString('hex') },
    { title: 'large hexadecimal digits', key: bytes.toString('hex').toUpperCase() },
    { title: 'base64', key: bytes.toString('base64') },
  ])('a key as $title', async ({ key }) => {
    const ring = await KeyRing.from({ key })
    expect(ring.keyIds).toStrictEqual((await KeyRing.from({ key: bytes })).keyIds)
    expect(ring.sealingKey.key.export()).toStrictEqual(bytes)
  })

  test.each<{ readonly title: string; readonly content: string | Buffer }>([
    { title: '32 bytes', content: bytes },
    { title: 'hexadecimal digits and a line break', content: `${bytes.toString('hex')}\n` },
    { title: 'base64 and a line break of Windows', content: `${bytes.toString('base64')}\r\n` },
    { title: 'base64 and nothing else', content: bytes.toString('base64') },
  ])('a key file with $title', async ({ content }) => {
    const ring = await KeyRing.from({ keyFile: keyFile('key', content) })
    expect(ring.sealingKey.key.export()).toStrictEqual(bytes)
  })

  test('a file made by the command of its hint', async () => {
    const path = join(directory(), 'new key')
    const error = await KeyRing.from({ keyFile: path }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_KEY_FILE', path, cause: { code: 'ENOENT' } })
    const command = (error as { hint: string }).hint.split('made by: ')[1] ?? ''
    execFileSync('sh', ['-c', command], { stdio: 'pipe' })
    await expect(KeyRing.from({ keyFile: path })).resolves.toBeInstanceOf(KeyRing)
  })

  test('previous keys from options and files, the encrypting one first', async () => {
    const [first, second, third] = [randomBytes(32), randomBytes(32), randomBytes(32)]
    const ring = await KeyRing.from({
      keyFile: keyFile('new', first),
      previousKeys: [second, first],
      previousKeyFiles: [keyFile('old', third.toString('hex'))],
    })
    const ids = await Promise.all(
      [first, second, third].map(async (key) => (await KeyRing.from({ key })).sealingKey.id),
    )
    expect(ring.keyIds).toStrictEqual(ids)
    expect(ids.map((id) => ring.tryFind(id)?.export())).toStrictEqual([first, second, third])
    expect(ring.tryFind('0000000000000000')).toBeUndefined()
  })

  test('a key without holding on to the bytes, or changing them', async () => {
    const given = Buffer.from(bytes)
    const ring = await KeyRing.from({ key: given, previousKeys: [given] })
    expect(given).toStrictEqual(bytes)
    given.fill(0)
    expect(ring.sealingKey.key.export()).toStrictEqual(bytes)
  })
})

describe('KeyRing.from() refuses', () => {
  test.each<{ readonly title: string; readonly options: KeyRingOptions; readonly message: RegExp }>([
    { title: 'no key', options: {}, message: /either 'key' or 'keyFile'/ },
    { title: 'two', options: { key: bytes, keyFile: '/key' }, message: /either 'key' or 'keyFile'/ },
    {
      title: 'a key of 16 bytes',
      options: { key: bytes.subarray(16) },
      message: /'key' to be 32 random bytes.*received 16 bytes/,
    },
    { title: 'a password', options: { key: 'correct horse battery staple' }, message: /received 28 characters/ },
    {
      title: '63 hexadecimal digits',
      options: { key: bytes.toString('hex').slice(1) },
      message: /received 63 characters/,
    },
    {
      title: '64 characters with one that is no digit',
      options: { key: `g${bytes.toString('hex').slice(1)}` },
      message: /received 64 characters/,
    },
    {
      title: 'base64 of 33 bytes',
      options: { key: Buffer.alloc(33).toString('base64') },
      message: /received 44 characters/,
    },
    {
      title: 'base64 that ends in an impossible way',
      options: { key: `${'A'.repeat(42)}B=` },
      message: /received 44 characters/,
    },
    { title: 'an empty text', options: { key: '' }, message: /received 0 characters/ },
    { title: 'something else', options: { key: 5 as unknown as string }, message: /received a value of type number/ },
    {
      title: 'a previous key',
      options: { key: bytes, previousKeys: [bytes, 'hunter2'] },
      message: /'previousKeys\[1\]'.*received 7 characters/,
    },
  ])('$title', async ({ options, message }) => {
    const error = await KeyRing.from(options).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toMatch(/hunter2|horse/)
  })

  test.each<{ readonly title: string; readonly content: string | Buffer; readonly message: RegExp }>([
    { title: 'nothing', content: '', message: /0 bytes of something else/ },
    { title: '31 bytes', content: bytes.subarray(1), message: /31 bytes of something else/ },
    { title: '33 bytes', content: Buffer.alloc(33, 1), message: /33 bytes of something else/ },
    { title: 'two keys', content: `${bytes.toString('hex')}\n${bytes.toString('hex')}\n`, message: /130 bytes/ },
    {
      title: '32 characters of text',
      content: 'hunter2-hunter2-hunter2-hunter2-',
      message: /32 bytes of something else/,
    },
    { title: 'much', content: 'hunter2'.repeat(1000), message: /it has 7000 bytes/ },
  ])('a key file with $title, and names the file but not what is in it', async ({ content, message }) => {
    const path = keyFile('key', content)
    const error = await KeyRing.from({ keyFile: path }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'KeyFileError',
      code: 'ERR_KEY_FILE',
      path,
      hint: expect.stringContaining(path),
    })
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).toContain(`'${path}'`)
    expect((error as Error).message).toMatch(/64 hexadecimal digits or 44 characters of base64/)
    expect((error as Error).message).not.toContain('hunter2')
  })

  test.each([{ mode: 0o640 }, { mode: 0o604 }, { mode: 0o620 }, { mode: 0o602 }, { mode: 0o666 }, { mode: 0o644 }])(
    'a key file that other users may open, until its hint is followed ($mode)',
    async ({ mode }) => {
      const path = keyFile('key', bytes)
      chmodSync(path, mode)
      const link = join(directory(), 'link')
      symlinkSync(path, link)
      await expect(KeyRing.from({ key: bytes, previousKeyFiles: [path] })).rejects.toMatchObject({
        code: 'ERR_KEY_FILE',
      })
      const error = await KeyRing.from({ keyFile: link }).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'ERR_KEY_FILE', hint: `chmod 600 '${link}'` })
      expect((error as Error).message).toContain(`mode ${mode.toString(8)}`)
      execFileSync('sh', ['-c', (error as { hint: string }).hint])
      await expect(KeyRing.from({ keyFile: link })).resolves.toBeInstanceOf(KeyRing)
    },
  )

  test.each([{ mode: 0o400 }, { mode: 0o600 }, { mode: 0o711 }])(
    'no file that only its owner may open ($mode)',
    async ({ mode }) => {
      const path = keyFile('key', bytes)
      chmodSync(path, mode)
      await expect(KeyRing.from({ keyFile: path })).resolves.toBeInstanceOf(KeyRing)
    },
  )

  test('a folder, and a pipe that nobody writes to, at once', async () => {
    const folder = join(directory(), 'folder')
    mkdirSync(folder, { mode: 0o700 })
    const pipe = join(directory(), 'pipe')
    execFileSync('mkfifo', ['-m', '600', pipe])
    for (const path of [folder, pipe]) {
      await expect(KeyRing.from({ keyFile: path })).rejects.toMatchObject({ code: 'ERR_KEY_FILE', path })
    }
  })
})

function keyFile(name: string, content: string | Buffer): string {
  const path = join(directory(), name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}
