import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { relative } from 'node:path'
import { writeFileAtomic } from '@holdfast/atomic-file'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { callInChild } from './call-in-child.js'

const dir = useTempDir()
const modeOf = (path: string): number => statSync(path).mode & 0o7777

describe('writeFileAtomic() content', () => {
  test.each([
    { what: 'text', data: 'grüße\n', bytes: Buffer.from('grüße\n') },
    { what: 'bytes', data: new Uint8Array([0, 0xff, 0x80]), bytes: Buffer.from([0, 0xff, 0x80]) },
    { what: 'a part of a buffer', data: Buffer.from('abcdef').subarray(2, 4), bytes: Buffer.from('cd') },
    { what: 'nothing, as text', data: '', bytes: Buffer.alloc(0) },
    { what: 'nothing, as bytes', data: new Uint8Array(), bytes: Buffer.alloc(0) },
  ])('writes $what, to a new and over a longer file', async ({ data, bytes }) => {
    const path = `${dir()}/state`
    await writeFileAtomic(path, data)
    expect(readFileSync(path).equals(bytes)).toBe(true)
    writeFileSync(path, 'something that is longer than the data')
    await writeFileAtomic(path, data)
    expect(readFileSync(path).equals(bytes)).toBe(true)
    expect(readdirSync(dir())).toEqual(['state'])
  })

  test('writes 100 MB', async () => {
    const data = Buffer.alloc(100_000_000, 'holdfast')
    await writeFileAtomic(`${dir()}/large`, data)
    expect(readFileSync(`${dir()}/large`).equals(data)).toBe(true)
  })

  test.each([{ data: undefined }, { data: null }, { data: 1 }, { data: {} }, { data: [65] }])(
    'refuses $data with a TypeError and leaves the old file',
    async ({ data }) => {
      writeFileSync(`${dir()}/state`, 'old')
      await expect(writeFileAtomic(`${dir()}/state`, data as never)).rejects.toThrow(TypeError)
      expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
      expect(readdirSync(dir())).toEqual(['state'])
    },
  )
})

describe('writeFileAtomic() mode', () => {
  test.each([0o600, 0o640, 0o644, 0o666, 0o400, 0o755])('keeps the mode %o of the replaced file', async (mode) => {
    writeFileSync(`${dir()}/state`, 'old')
    chmodSync(`${dir()}/state`, mode)
    await writeFileAtomic(`${dir()}/state`, 'new')
    expect(modeOf(`${dir()}/state`)).toBe(mode)
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('new')
  })

  test.each([
    { umask: 0o027, created: 0o640 },
    { umask: 0o077, created: 0o600 },
    { umask: 0o000, created: 0o666 },
  ])('under umask $umask creates new files with $created, keeps old modes and obeys the option', async (row) => {
    writeFileSync(`${dir()}/old`, 'old')
    chmodSync(`${dir()}/old`, 0o664)
    const call = 'writeFileAtomic'
    const { umask } = row
    expect(await callInChild({ call, umask, args: [`${dir()}/new`, 'new'] })).toMatchObject({ value: null })
    expect(await callInChild({ call, umask, args: [`${dir()}/old`, 'new'] })).toMatchObject({ value: null })
    expect(await callInChild({ call, umask, args: [`${dir()}/asked`, 'new', { mode: 0o664 }] })).toMatchObject({
      value: null,
    })
    expect([modeOf(`${dir()}/new`), modeOf(`${dir()}/old`), modeOf(`${dir()}/asked`)]).toEqual([
      row.created,
      0o664,
      0o664,
    ])
  })

  test('the option wins over the mode of the replaced file', async () => {
    writeFileSync(`${dir()}/state`, 'old', { mode: 0o644 })
    await writeFileAtomic(`${dir()}/state`, 'new', { mode: 0o600 })
    expect(modeOf(`${dir()}/state`)).toBe(0o600)
  })
})

describe('writeFileAtomic() names', () => {
  test('replaces the target of a link and of a chain of links', async () => {
    mkdirSync(`${dir()}/real`)
    writeFileSync(`${dir()}/real/state`, 'old')
    symlinkSync('real/state', `${dir()}/middle`)
    symlinkSync(`${dir()}/middle`, `${dir()}/link`)
    await writeFileAtomic(`${dir()}/link`, 'new')
    expect([readlinkSync(`${dir()}/link`), readlinkSync(`${dir()}/middle`)]).toEqual([`${dir()}/middle`, 'real/state'])
    expect(lstatSync(`${dir()}/real/state`).isFile()).toBe(true)
    expect(readFileSync(`${dir()}/real/state`, 'utf8')).toBe('new')
    expect(readdirSync(`${dir()}/real`)).toEqual(['state'])
  })

  test('creates the missing target of a link', async () => {
    mkdirSync(`${dir()}/real`)
    symlinkSync('real/state', `${dir()}/middle`)
    symlinkSync('middle', `${dir()}/link`)
    await writeFileAtomic(`${dir()}/link`, 'new')
    expect(readlinkSync(`${dir()}/link`)).toBe('middle')
    expect(readFileSync(`${dir()}/real/state`, 'utf8')).toBe('new')
  })

  test('fails with ENOENT for a link into a folder that is missing', async () => {
    symlinkSync('missing/state', `${dir()}/link`)
    await expect(writeFileAtomic(`${dir()}/link`, 'new')).rejects.toMatchObject({ code: 'ENOENT' })
    expect(readdirSync(dir())).toEqual(['link'])
  })

  test('fails with ELOOP for a loop of links', async () => {
    symlinkSync('b', `${dir()}/a`)
    symlinkSync('a', `${dir()}/b`)
    await expect(writeFileAtomic(`${dir()}/a`, 'new')).rejects.toMatchObject({ code: 'ELOOP', path: `${dir()}/a` })
  })

  test('finds the file that a read finds when the path goes up from a linked folder', async () => {
    mkdirSync(`${dir()}/real/inner`, { recursive: true })
    symlinkSync('real/inner', `${dir()}/folder`)
    await writeFileAtomic(`${dir()}/folder/../state`, 'new')
    expect(readFileSync(`${dir()}/folder/../state`, 'utf8')).toBe('new')
    expect(readdirSync(`${dir()}/real`).sort()).toEqual(['inner', 'state'])
  })

  test.each(['state', './state', 'sub/../state', 'sub/state'])('takes the relative path %s', async (path) => {
    mkdirSync(`${dir()}/sub`)
    const outcome = await callInChild({ call: 'writeFileAtomic', cwd: dir(), args: [path, 'new'] })
    expect(outcome).toMatchObject({ value: null })
    expect(readFileSync(`${dir()}/${path}`, 'utf8')).toBe('new')
  })

  test('takes a path relative to the folder of this process', async () => {
    await writeFileAtomic(relative(process.cwd(), `${realpathSync(dir())}/state`), 'new')
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('new')
  })

  test('takes the longest name that the file system takes', async () => {
    const path = `${dir()}/${'n'.repeat(255)}`
    await writeFileAtomic(path, 'old')
    await writeFileAtomic(path, 'new', { backupPath: `${dir()}/${'b'.repeat(255)}` })
    expect(readFileSync(path, 'utf8')).toBe('new')
    await expect(writeFileAtomic(`${path}n`, 'new')).rejects.toMatchObject({ code: 'ENAMETOOLONG' })
  })

  test('fails with ENOENT when the folder is missing, with ENOTDIR below a file', async () => {
    writeFileSync(`${dir()}/file`, '')
    await expect(writeFileAtomic(`${dir()}/missing/state`, '')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(writeFileAtomic(`${dir()}/file/state`, '')).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  test('leaves other names of the replaced file with the old content', async () => {
    writeFileSync(`${dir()}/state`, 'old')
    linkSync(`${dir()}/state`, `${dir()}/other-name`)
    await writeFileAtomic(`${dir()}/state`, 'new')
    expect(readFileSync(`${dir()}/other-name`, 'utf8')).toBe('old')
  })
})

describe('writeFileAtomic() options', () => {
  test('overwrite: false creates, and throws EEXIST without a trace when there is a file', async () => {
    await writeFileAtomic(`${dir()}/state`, 'first', { overwrite: false })
    await expect(writeFileAtomic(`${dir()}/state`, 'second', { overwrite: false })).rejects.toMatchObject({
      name: 'AtomicFileError',
      code: 'EEXIST',
      path: `${dir()}/state`,
    })
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('first')
    expect(readdirSync(dir())).toEqual(['state'])
    expect(statSync(`${dir()}/state`).nlink).toBe(1)
  })

  test('overwrite: false lets exactly one of many writers at once succeed', async () => {
    const writers = Array.from({ length: 8 }, (_, n) =>
      writeFileAtomic(`${dir()}/state`, `writer ${n}`, { overwrite: false }).then(() => `writer ${n}`),
    )
    const results = await Promise.allSettled(writers)
    const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))
    expect(winners).toEqual([readFileSync(`${dir()}/state`, 'utf8')])
    expect(codes).toEqual(Array(7).fill('EEXIST'))
    expect(readdirSync(dir())).toEqual(['state'])
  })

  test('backupPath keeps the replaced file, its mode too, and replaces an earlier backup', async () => {
    const path = `${dir()}/state`
    const backupPath = `${dir()}/state.bak`
    await writeFileAtomic(path, '1', { backupPath, mode: 0o640 })
    expect(readdirSync(dir())).toEqual(['state'])
    await writeFileAtomic(path, '2', { backupPath })
    expect([readFileSync(path, 'utf8'), readFileSync(backupPath, 'utf8')]).toEqual(['2', '1'])
    await writeFileAtomic(path, '3', { backupPath })
    expect([readFileSync(path, 'utf8'), readFileSync(backupPath, 'utf8')]).toEqual(['3', '2'])
    expect(modeOf(backupPath)).toBe(0o640)
    expect(readdirSync(dir()).sort()).toEqual(['state', 'state.bak'])
  })

  test('backupPath may be in another folder, and may already be another name of the file', async () => {
    mkdirSync(`${dir()}/backups`)
    writeFileSync(`${dir()}/state`, 'old')
    linkSync(`${dir()}/state`, `${dir()}/backups/1`)
    await writeFileAtomic(`${dir()}/state`, 'new', { backupPath: `${dir()}/backups/1` })
    expect(readFileSync(`${dir()}/backups/1`, 'utf8')).toBe('old')
    expect([readdirSync(dir()).sort(), readdirSync(`${dir()}/backups`)]).toEqual([['backups', 'state'], ['1']])
  })

  test('backupPath cannot be the file itself', async () => {
    writeFileSync(`${dir()}/state`, 'old')
    await expect(writeFileAtomic(`${dir()}/state`, 'new', { backupPath: `${dir()}/./state` })).rejects.toThrow(
      TypeError,
    )
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
  })

  test('a backup that cannot be made leaves the old file', async () => {
    writeFileSync(`${dir()}/state`, 'old')
    const backupPath = `${dir()}/missing/state.bak`
    await expect(writeFileAtomic(`${dir()}/state`, 'new', { backupPath })).rejects.toMatchObject({ code: 'ENOENT' })
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
    expect(readdirSync(dir())).toEqual(['state'])
  })

  test('tempDirectory takes the temporary file', async () => {
    mkdirSync(`${dir()}/temporary`)
    await writeFileAtomic(`${dir()}/state`, 'old', { tempDirectory: `${dir()}/temporary` })
    await expect(writeFileAtomic(`${dir()}/state`, 'new', { tempDirectory: `${dir()}/missing` })).rejects.toMatchObject(
      { code: 'ENOENT' },
    )
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
  })
})
