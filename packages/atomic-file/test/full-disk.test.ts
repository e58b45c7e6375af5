/** A disk that is really full (a small tmpfs), and a file size limit of the kernel where mounting is not allowed. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { openAppendFile, writeFileAtomic, writeFilesAtomic } from '@holdfast/atomic-file'
import { fillDisk, mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { CALL, type Outcome } from './call-in-child.js'
import { recordingFs, systemError } from './recording-fs.js'

const dir = useTempDir()
const LARGE = Buffer.alloc(40_000, 'x')
const NO_SPACE = { name: 'AtomicFileError', code: 'ENOSPC', hint: expect.stringContaining('space') }

describe('on a full disk (needs the right to mount)', () => {
  test.for([0, 4096, 8192])(
    'writeFileAtomic() with %i bytes of room leaves the old file and no other',
    async (room, context) => {
      const disk = mountTinyFileSystem(64 * 1024)
      if (disk === undefined) return context.skip('mounting needs root')
      writeFileSync(`${disk}/state`, 'old', { mode: 0o600 })
      const fill = fillDisk(disk, room)
      const { ino } = statSync(`${disk}/state`)
      await expect(writeFileAtomic(`${disk}/state`, LARGE, { backupPath: `${disk}/bak` })).rejects.toMatchObject(
        NO_SPACE,
      )
      await expect(writeFileAtomic(`${disk}/new`, LARGE)).rejects.toMatchObject(NO_SPACE)
      await expect(writeFileAtomic(`${disk}/new`, LARGE, { overwrite: false })).rejects.toMatchObject(NO_SPACE)
      expect(statSync(`${disk}/state`)).toMatchObject({ ino, size: 3 })
      expect(readdirSync(disk).sort()).toEqual(['.fill', 'state'])
      unlinkSync(fill)
      await writeFileAtomic(`${disk}/state`, LARGE)
      expect(readFileSync(`${disk}/state`).equals(LARGE)).toBe(true)
    },
  )

  test('writeFilesAtomic() replaces no file when the disk is full in the middle', async (context) => {
    const disk = mountTinyFileSystem(64 * 1024)
    if (disk === undefined) return context.skip('mounting needs root')
    const names = Array.from({ length: 12 }, (_, n) => `state-${n}`)
    for (const name of names) writeFileSync(`${disk}/${name}`, 'old')
    // Four to five of the new files fit.
    const files = names.map((name) => ({ path: `${disk}/${name}`, data: Buffer.alloc(3000, 'n') }))
    await expect(writeFilesAtomic(files)).rejects.toMatchObject(NO_SPACE)
    expect(names.map((name) => readFileSync(`${disk}/${name}`, 'utf8'))).toEqual(names.map(() => 'old'))
    expect(readdirSync(disk).sort()).toEqual(names.toSorted())
  })

  test('append() cuts off what did not fit and goes on when there is room again', async (context) => {
    const disk = mountTinyFileSystem(64 * 1024)
    if (disk === undefined) return context.skip('mounting needs root')
    await using journal = await openAppendFile(`${disk}/journal`)
    await journal.append('first\n')
    const fill = fillDisk(disk, 8192)
    await expect(journal.append(LARGE)).rejects.toMatchObject({ ...NO_SPACE, path: `${disk}/journal` })
    expect([journal.size, readFileSync(`${disk}/journal`, 'utf8')]).toEqual([6, 'first\n'])
    await journal.append('fits\n')
    unlinkSync(fill)
    await journal.append(LARGE)
    expect(readFileSync(`${disk}/journal`, 'utf8')).toBe(`first\nfits\n${LARGE.toString()}`)
  })
})

describe('beyond the file size limit of the process', () => {
  function callLimited(call: string, args: readonly unknown[]): Outcome {
    const command = 'ulimit -f 16 && exec "$0" "$@"'
    const script = new URL(CALL).pathname
    const child = spawnSync('sh', ['-c', command, process.execPath, script, JSON.stringify({ call, args })], {
      encoding: 'utf8',
      timeout: 10_000,
    })
    return JSON.parse(child.stdout)
  }

  test('writeFileAtomic() leaves the old file and no other', () => {
    writeFileSync(`${dir()}/state`, 'old')
    const outcome = callLimited('writeFileAtomic', [`${dir()}/state`, { repeat: 'x', bytes: 40_000 }])
    expect(outcome).toMatchObject({ name: 'AtomicFileError', code: 'EFBIG', hint: expect.stringContaining('ulimit') })
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('old')
    expect(readdirSync(dir())).toEqual(['state'])
    expect(callLimited('writeFileAtomic', [`${dir()}/state`, 'new'])).toEqual({ value: null })
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('new')
  })

  test('writeFilesAtomic() replaces none', () => {
    for (const name of ['a', 'b']) writeFileSync(`${dir()}/${name}`, 'old')
    const files = [
      { path: `${dir()}/a`, data: 'new' },
      { path: `${dir()}/b`, data: 'x'.repeat(40_000) },
    ]
    expect(callLimited('writeFilesAtomic', [files])).toMatchObject({ code: 'EFBIG' })
    expect(['a', 'b'].map((name) => readFileSync(`${dir()}/${name}`, 'utf8'))).toEqual(['old', 'old'])
    expect(readdirSync(dir())).toEqual(['a', 'b'])
  })
})

describe('faults that are injected', () => {
  test('short writes are continued to the last byte', async () => {
    const { fs, log } = recordingFs({ mostBytesPerWrite: 7 })
    await writeFileAtomic(`${dir()}/state`, 'a text of thirty bytes exactly', {}, { fs })
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('a text of thirty bytes exactly')
    expect(log.filter((line) => line === 'end write temporary')).toHaveLength(5)
  })

  test('a write that takes nothing is an error, not an endless loop', async () => {
    const { fs } = recordingFs({ mostBytesPerWrite: 0 })
    await expect(writeFileAtomic(`${dir()}/state`, 'new', {}, { fs })).rejects.toThrow(/took 0 of 3 bytes/)
    expect(readdirSync(dir())).toEqual([])
  })

  test.each([
    'open temporary',
    'write temporary',
    'stat temporary',
    'chmod temporary',
    'sync temporary',
    'close temporary',
    'open folder/',
    'link state.bak',
    'rename state',
  ])('writeFileAtomic() leaves the old file and no other when %s fails', async (operation) => {
    const folder = `${dir()}/folder`
    mkdirSync(folder)
    writeFileSync(`${folder}/state`, 'old', { mode: 0o640 })
    const { fs, log } = recordingFs({ fail: (name) => (name === operation ? systemError('EIO') : undefined) })
    await expect(
      writeFileAtomic(`${folder}/state`, 'new', { backupPath: `${folder}/state.bak` }, { fs }),
    ).rejects.toMatchObject({ name: 'AtomicFileError', code: 'EIO' })
    expect(log).toContain(`begin ${operation}`)
    expect(readFileSync(`${folder}/state`, 'utf8')).toBe('old')
    expect(readdirSync(folder).filter((name) => name !== 'state.bak')).toEqual(['state'])
  })

  test('writeFileAtomic() throws with the new file in place when only the sync of the folder fails', async () => {
    writeFileSync(`${dir()}/state`, 'old')
    const { fs } = recordingFs({ fail: (name) => (/^sync .*\/$/.test(name) ? systemError('EIO') : undefined) })
    await expect(writeFileAtomic(`${dir()}/state`, 'new', {}, { fs })).rejects.toMatchObject({ code: 'EIO' })
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('new')
    expect(readdirSync(dir())).toEqual(['state'])
  })

  test('writeFileAtomic() goes on where the file system cannot sync folders (EINVAL)', async () => {
    const { fs } = recordingFs({ fail: (name) => (/^sync .*\/$/.test(name) ? systemError('EINVAL') : undefined) })
    await writeFileAtomic(`${dir()}/state`, 'new', {}, { fs })
    expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('new')
  })

  test.each(['EPERM', 'ENOTSUP', 'EMLINK', 'EXDEV'])(
    'backupPath is a synced copy when links fail with %s',
    async (code) => {
      writeFileSync(`${dir()}/state`, 'old', { mode: 0o640 })
      const { fs, log } = recordingFs({ fail: (name) => (name.startsWith('link ') ? systemError(code) : undefined) })
      await writeFileAtomic(`${dir()}/state`, 'new', { backupPath: `${dir()}/state.bak` }, { fs })
      expect([readFileSync(`${dir()}/state`, 'utf8'), readFileSync(`${dir()}/state.bak`, 'utf8')]).toEqual([
        'new',
        'old',
      ])
      expect(statSync(`${dir()}/state.bak`).mode & 0o777).toBe(0o640)
      const copied = log.slice(log.indexOf('end copyFile temporary'))
      expect(copied.indexOf('end sync temporary')).toBeLessThan(copied.indexOf('begin rename state.bak'))
      expect(copied).toContain('end sync temporary')
      expect(readdirSync(dir()).sort()).toEqual(['state', 'state.bak'])
    },
  )
})
