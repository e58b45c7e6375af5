import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { openFolderDraft, removeFolder, sweepLeftovers } from '@holdfast/atomic-file'
import { fillDisk, mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { changes, recordingFs, systemError } from './recording-fs.js'

const dir = useTempDir()
const target = (): string => `${dir()}/bundle`
const temporary = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('.holdfast-'))

describe('openFolderDraft()', () => {
  test('shows nothing under its name until publish(), then all', async () => {
    await using draft = await openFolderDraft(target())
    await using file = await draft.createFile('content/page')
    await Promise.all(['one,', Buffer.from('two,'), 'three'].map((part) => file.write(part)))
    expect(file.size).toBe(13)
    await file.finish()
    await draft.writeFile('manifest', 'm')
    expect(existsSync(target())).toBe(false)
    await draft.publish()
    await draft.publish()
    await draft.discard()
    expect(readFileSync(`${target()}/content/page`, 'utf8')).toBe('one,two,three')
    expect(readdirSync(target()).sort()).toEqual(['content', 'manifest'])
    expect(readdirSync(dir())).toEqual(['bundle'])
    await expect(draft.writeFile('late', '')).rejects.toThrow(/published/)
  })

  test('syncs every file and every folder before the rename, and the folder above after it', async () => {
    const { fs, log } = recordingFs()
    mkdirSync(`${dir()}/out`)
    await using draft = await openFolderDraft(`${dir()}/out/bundle`, { tempDirectory: dir() }, { fs })
    await draft.writeFile('a/b/page', 'x')
    await draft.publish()
    expect(changes(log)).toEqual([
      'mkdir temporary',
      'mkdir b',
      expect.stringContaining('write '),
      'sync page',
      expect.stringMatching(/^sync \.holdfast-.*\/$/),
      'sync a/',
      'sync b/',
      'rename bundle',
      'sync out/',
      expect.stringMatching(/^sync holdfast-test-.*\/$/),
    ])
  })

  test.each(['', '.', '..', '../x', 'a/../../x', '/etc/x', 'a//b', 'a/', 'nul\0'])(
    'refuses the name %j',
    async (name) => {
      await using draft = await openFolderDraft(target())
      await expect(draft.createFile(name)).rejects.toThrow(RangeError)
      await expect(draft.linkFile(name, '/etc/hostname')).rejects.toThrow(RangeError)
    },
  )

  test('createFile() refuses a name that is taken, also by a symbolic link', async () => {
    await using draft = await openFolderDraft(target())
    await draft.writeFile('page', 'first')
    await expect(draft.createFile('page')).rejects.toMatchObject({ code: 'EEXIST' })
    symlinkSync('/etc/hostname', `${draft.temporaryPath}/link`)
    await expect(draft.createFile('link')).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(draft.createFile('page/below')).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTDIR|EEXIST/),
    })
  })

  test('a file that is not finished is not published, and is gone when it is discarded', async () => {
    await using draft = await openFolderDraft(target())
    const file = await draft.createFile('page')
    await file.write('half')
    await expect(draft.publish()).rejects.toThrow(/'page' is not finished/)
    await file.discard()
    await draft.publish()
    expect(readdirSync(target())).toEqual([])
  })

  test('linkFile() gives a second name and removeFile() takes it back', async () => {
    writeFileSync(`${dir()}/state`, 'x')
    await using draft = await openFolderDraft(target())
    await draft.linkFile('a/state', `${dir()}/state`)
    await draft.linkFile('b', `${dir()}/state`)
    await draft.removeFile('b')
    await draft.publish()
    expect(statSync(`${target()}/a/state`).ino).toBe(statSync(`${dir()}/state`).ino)
    expect(existsSync(`${target()}/b`)).toBe(false)
  })

  test('publish() leaves what has the name already, and can be called again', async () => {
    mkdirSync(target())
    writeFileSync(`${target()}/old`, 'old')
    await using draft = await openFolderDraft(target())
    await draft.writeFile('new', 'new')
    await expect(draft.publish()).rejects.toMatchObject({ code: expect.stringMatching(/ENOTEMPTY|EEXIST/) })
    expect(readdirSync(target())).toEqual(['old'])
    expect(await removeFolder(target())).toBe(true)
    await draft.publish()
    expect(readdirSync(target())).toEqual(['new'])
  })

  test.each(['sync page', 'sync content/', 'rename bundle'])(
    'discard() leaves nothing when %s fails',
    async (operation) => {
      const { fs } = recordingFs({ fail: (name) => (name === operation ? systemError('EIO') : undefined) })
      {
        await using draft = await openFolderDraft(target(), {}, { fs })
        const work = async (): Promise<void> => {
          await draft.writeFile('content/page', 'x')
          await draft.publish()
        }
        await expect(work()).rejects.toMatchObject({ name: 'AtomicFileError', code: 'EIO' })
      }
      expect(readdirSync(dir())).toEqual([])
    },
  )

  test('publish() that could not sync the folder above does so when it is called again', async () => {
    let failures = 0
    const folder = `sync ${dir().slice(dir().lastIndexOf('/') + 1)}/`
    const { fs, log } = recordingFs({
      fail: (name) => (name === folder && failures++ === 0 ? systemError('EIO') : undefined),
    })
    await using draft = await openFolderDraft(target(), {}, { fs })
    await draft.writeFile('page', 'x')
    await expect(draft.publish()).rejects.toMatchObject({ code: 'EIO' })
    await draft.publish()
    expect(log.at(-1)).toMatch(/^end close/)
    expect(log).toContain(`end ${folder}`)
    expect(readdirSync(target())).toEqual(['page'])
  })

  test('on a full disk a file fails, goes, and can be written again when there is room', async (context) => {
    const disk = mountTinyFileSystem(256 * 1024)
    if (disk === undefined) return context.skip('mounting needs root')
    await using draft = await openFolderDraft(`${disk}/bundle`)
    const fill = fillDisk(disk, 16 * 1024)
    const write = async (): Promise<void> => {
      await using file = await draft.createFile('page')
      for (let part = 0; part < 10; part += 1) await file.write(Buffer.alloc(10_000, 'x'))
      await file.finish()
    }
    await expect(write()).rejects.toMatchObject({ name: 'AtomicFileError', code: 'ENOSPC' })
    expect(readdirSync(draft.temporaryPath)).toEqual([])
    unlinkSync(fill)
    await write()
    await draft.publish()
    expect(statSync(`${disk}/bundle/page`).size).toBe(100_000)
  })

  test('discard() takes the files that are being created with it', async () => {
    const draft = await openFolderDraft(target())
    const creating = draft.createFile('a/b/page')
    await draft.discard()
    await expect(creating.then((file) => file.write('late'))).rejects.toThrow()
    expect(readdirSync(dir())).toEqual([])
  })

  test('openFolderDraft() needs the folder above', async () => {
    await expect(openFolderDraft(`${dir()}/none/bundle`)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(readdirSync(dir())).toEqual([])
  })
})

describe('removeFolder()', () => {
  test('removes all of it, does not follow links, and tells when there was none', async () => {
    mkdirSync(`${target()}/a/b`, { recursive: true })
    writeFileSync(`${dir()}/kept`, 'x')
    symlinkSync(`${dir()}/kept`, `${target()}/a/link`)
    expect(await removeFolder(target())).toBe(true)
    expect(readdirSync(dir())).toEqual(['kept'])
    expect(await removeFolder(target())).toBe(false)
    await expect(removeFolder(`${dir()}/kept`)).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})

describe('sweepLeftovers() and folders', () => {
  test('leaves those of living writers', async () => {
    await using draft = await openFolderDraft(target())
    await draft.writeFile('page', 'x')
    expect(await sweepLeftovers(dir())).toEqual([])
    expect(temporary(dir())).toHaveLength(1)
  })

  test('of another machine go when nothing in them was written to for long', async () => {
    const folder = `${dir()}/.holdfast-000000000000-1-1-0000000000000000.tmp`
    mkdirSync(`${folder}/content`, { recursive: true })
    writeFileSync(`${folder}/content/page`, 'x')
    const old = new Date(Date.now() - 7_200_000)
    for (const path of [`${folder}/content`, folder]) utimesSync(path, old, old)
    expect(await sweepLeftovers(dir())).toEqual([])
    utimesSync(`${folder}/content/page`, old, old)
    expect(await sweepLeftovers(dir())).toEqual([folder])
    expect(readdirSync(dir())).toEqual([])
  })
})
