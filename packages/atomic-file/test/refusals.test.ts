/** What is not replaced, and who owns what is. The parts that need root say so when they are left out. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { openAppendFile, writeFileAtomic, writeFilesAtomic } from '@holdfast/atomic-file'
import { mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { callInChild, IS_ROOT, NOBODY } from './call-in-child.js'

const dir = useTempDir()

function ownership(path: string): { uid: number; gid: number; mode: number } {
  const { uid, gid, mode } = statSync(path)
  return { uid, gid, mode: mode & 0o7777 }
}

function place(path: string, uid: number, gid: number, mode: number): void {
  writeFileSync(path, 'old')
  chownSync(path, uid, gid)
  chmodSync(path, mode)
}

describe('a target that is not a file', () => {
  async function isRefused(path: string): Promise<void> {
    const error = { name: 'NotARegularFileError', code: 'ERR_NOT_A_REGULAR_FILE' }
    const before = readdirSync(dir())
    await expect(writeFileAtomic(path, 'new')).rejects.toMatchObject(error)
    await expect(writeFileAtomic(path, 'new', { overwrite: false })).rejects.toMatchObject(error)
    await expect(
      writeFilesAtomic([
        { path: `${dir()}/other`, data: 'new' },
        { path, data: 'new' },
      ]),
    ).rejects.toMatchObject(error)
    expect(readdirSync(dir())).toEqual(before)
  }

  test('writeFileAtomic() refuses a directory', async () => {
    mkdirSync(`${dir()}/target`)
    await isRefused(`${dir()}/target`)
    await isRefused(`${dir()}/target/`)
  })

  test('writeFileAtomic() refuses a link to a directory', async () => {
    symlinkSync('.', `${dir()}/target`)
    await isRefused(`${dir()}/target`)
  })

  test('writeFileAtomic() and openAppendFile() refuse a named pipe without waiting for its other end', async () => {
    execFileSync('mkfifo', [`${dir()}/target`])
    await isRefused(`${dir()}/target`)
    await expect(openAppendFile(`${dir()}/target`)).rejects.toMatchObject({ code: 'ERR_NOT_A_REGULAR_FILE' })
    expect(statSync(`${dir()}/target`).isFIFO()).toBe(true)
  })

  test('writeFileAtomic() refuses a socket', async () => {
    const server = createServer().listen(`${dir()}/target`)
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    await isRefused(`${dir()}/target`)
  })

  test.skipIf(!IS_ROOT)('writeFileAtomic() and openAppendFile() refuse a device (needs root)', async (context) => {
    try {
      execFileSync('mknod', [`${dir()}/target`, 'c', '1', '3'], { stdio: 'pipe' })
    } catch {
      return context.skip('devices cannot be made here')
    }
    await isRefused(`${dir()}/target`)
    await expect(openAppendFile(`${dir()}/target`)).rejects.toMatchObject({ code: 'ERR_NOT_A_REGULAR_FILE' })
    expect(statSync(`${dir()}/target`).isCharacterDevice()).toBe(true)
  })
})

describe('permission', () => {
  const asNobody = IS_ROOT ? NOBODY : {}

  test('writeFileAtomic() throws EACCES with a hint when the folder may not be written', async () => {
    writeFileSync(`${dir()}/state`, 'old')
    chmodSync(`${dir()}/state`, 0o666)
    chmodSync(dir(), 0o555)
    const outcome = await callInChild({ ...asNobody, call: 'writeFileAtomic', args: [`${dir()}/state`, 'new'] })
    chmodSync(dir(), 0o755)
    expect(outcome).toMatchObject({ name: 'AtomicFileError', code: 'EACCES', hint: expect.stringContaining('folder') })
    expect(outcome.message).toContain(`'${dir()}/state'`)
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
    expect(readdirSync(dir())).toEqual(['state'])
  })

  test('writeFileAtomic() changes nothing when the folder may not be opened for the sync', async () => {
    writeFileSync(`${dir()}/state`, 'old')
    chmodSync(`${dir()}/state`, 0o666)
    chmodSync(dir(), 0o333)
    const outcome = await callInChild({ ...asNobody, call: 'writeFileAtomic', args: [`${dir()}/state`, 'new'] })
    chmodSync(dir(), 0o755)
    expect(outcome).toMatchObject({ code: 'EACCES' })
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
    expect(readdirSync(dir())).toEqual(['state'])
  })

  test.skipIf(!IS_ROOT)(
    'writeFileAtomic() throws EROFS with a hint on a read-only mount (needs root)',
    async (context) => {
      const disk = mountTinyFileSystem(64 * 1024)
      if (disk === undefined) return context.skip('mounting is not possible')
      writeFileSync(`${disk}/state`, 'old')
      execFileSync('mount', ['-o', 'remount,ro', disk])
      await expect(writeFileAtomic(`${disk}/state`, 'new')).rejects.toMatchObject({
        code: 'EROFS',
        hint: expect.stringContaining('writable'),
      })
      expect(readFileSync(`${disk}/state`, 'utf8')).toBe('old')
      expect(readdirSync(disk)).toEqual(['state'])
    },
  )
})

describe.skipIf(!IS_ROOT)('owner (needs root)', () => {
  test.each([0o600, 0o640, 0o4755, 0o2755])(
    'root keeps owner and group of the replaced file with mode %o',
    async (mode) => {
      place(`${dir()}/state`, 1234, 2345, mode)
      await writeFileAtomic(`${dir()}/state`, 'new')
      expect(ownership(`${dir()}/state`)).toEqual({ uid: 1234, gid: 2345, mode })
      expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('new')
    },
  )

  test('root keeps owner and group of every file of a group', async () => {
    place(`${dir()}/a`, 1234, 2345, 0o600)
    place(`${dir()}/b`, 1235, 2346, 0o660)
    await writeFilesAtomic(['a', 'b'].map((name) => ({ path: `${dir()}/${name}`, data: 'new' })))
    expect(ownership(`${dir()}/a`)).toEqual({ uid: 1234, gid: 2345, mode: 0o600 })
    expect(ownership(`${dir()}/b`)).toEqual({ uid: 1235, gid: 2346, mode: 0o660 })
  })

  test.each([
    { what: 'keeps a group that it is a member of', gid: 2345, mode: 0o660, kept: { gid: 2345, mode: 0o660 } },
    { what: 'loses the set-user-id bit with the owner', gid: 2345, mode: 0o4750, kept: { gid: 2345, mode: 0o750 } },
    {
      what: 'gives a group it cannot keep no more than others have',
      gid: 3456,
      mode: 0o664,
      kept: { gid: 65534, mode: 0o644 },
    },
    {
      what: 'gives a private group it cannot keep nothing',
      gid: 3456,
      mode: 0o2670,
      kept: { gid: 65534, mode: 0o600 },
    },
  ])('another user $what', async ({ gid, mode, kept }) => {
    chmodSync(dir(), 0o777)
    place(`${dir()}/state`, 1234, gid, mode)
    const args = [`${dir()}/state`, 'new']
    const outcome = await callInChild({ ...NOBODY, groups: [2345], call: 'writeFileAtomic', args })
    expect(outcome).toMatchObject({ value: null })
    expect(ownership(`${dir()}/state`)).toEqual({ uid: 65534, ...kept })
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('new')
  })
})
