/** The order of operations, which is what a power failure tests and a kill does not. */
import { mkdirSync, writeFileSync } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  makeDirectory,
  moveFile,
  openAppendFile,
  removeFile,
  writeFileAtomic,
  writeFilesAtomic,
} from '@holdfast/atomic-file'
import { useTempDir } from '@holdfast/testkit'
import { beforeEach, describe, expect, test } from 'vitest'
import { changes, recordingFs } from './recording-fs.js'

const dir = useTempDir()
const folder = (): string => `${dir()}/folder`
beforeEach(() => mkdirSync(folder()))

/** Each operation has ended before the next one named is begun. */
function expectInOrder(log: readonly string[], operations: readonly string[]): void {
  let after = -1
  for (const operation of operations) {
    const begun = log.indexOf(`begin ${operation}`, after + 1)
    expect(begun, `${operation} begins after what comes before it`).toBeGreaterThan(after)
    after = log.indexOf(`end ${operation}`, begun)
    expect(after, `${operation} ends`).toBeGreaterThan(begun)
  }
}

describe('writeFileAtomic()', () => {
  test('creates by: write, sync file, rename, sync folder, and nothing else', async () => {
    const { fs, log } = recordingFs()
    await writeFileAtomic(`${folder()}/state`, 'new', {}, { fs })
    const order = ['open temporary', 'write temporary', 'sync temporary', 'rename state', 'sync folder/']
    expect(changes(log)).toEqual(order)
    expectInOrder(log, order)
  })

  test('replaces with a backup by: write, sync file, link backup, rename, sync folder', async () => {
    writeFileSync(`${folder()}/state`, 'old', { mode: 0o640 })
    const { fs, log } = recordingFs()
    await writeFileAtomic(`${folder()}/state`, 'new', { backupPath: `${folder()}/bak` }, { fs })
    expectInOrder(log, [
      'open temporary',
      'write temporary',
      'sync temporary',
      'link bak',
      'rename state',
      'sync folder/',
    ])
    expectInOrder(log, ['open temporary', 'chmod temporary', 'sync temporary', 'link bak'])
    expect(changes(log).filter((name) => name.startsWith('sync'))).toEqual(['sync temporary', 'sync folder/'])
  })

  test('makes a backup in another folder durable before the rename', async () => {
    writeFileSync(`${folder()}/state`, 'old')
    mkdirSync(`${dir()}/backups`)
    const { fs, log } = recordingFs()
    await writeFileAtomic(`${folder()}/state`, 'new', { backupPath: `${dir()}/backups/1` }, { fs })
    expectInOrder(log, ['sync temporary', 'link 1', 'sync backups/', 'rename state', 'sync folder/'])
  })

  test('overwrite: false creates by: sync file, link, sync folder', async () => {
    const { fs, log } = recordingFs()
    await writeFileAtomic(`${folder()}/state`, 'new', { overwrite: false }, { fs })
    expectInOrder(log, ['write temporary', 'sync temporary', 'link state', 'sync folder/'])
    expect(changes(log)).not.toContain('rename state')
  })

  test('opens the folder before the rename, so that the sync cannot fail for want of permission', async () => {
    const { fs, log } = recordingFs()
    await writeFileAtomic(`${folder()}/state`, 'new', {}, { fs })
    expectInOrder(log, ['open folder/', 'rename state'])
  })

  test('makes temporary files in the folder of the target, or in tempDirectory, under ever new short names', async () => {
    mkdirSync(`${dir()}/temporary`)
    const { fs, paths } = recordingFs()
    const path = `${folder()}/${'n'.repeat(255)}`
    await writeFileAtomic(path, '1', {}, { fs })
    await writeFileAtomic(path, '2', {}, { fs })
    await writeFileAtomic(path, '3', { tempDirectory: `${dir()}/temporary` }, { fs })
    const temporary = [...new Set(paths.filter((name) => name.endsWith('.tmp')))]
    expect(temporary.map((name) => dirname(name))).toEqual([folder(), folder(), `${dir()}/temporary`])
    for (const name of temporary) expect(name).toMatch(/\/\.holdfast-[0-9a-f]{12}-\d+-\d+-[0-9a-f]{16}\.tmp$/)
  })

  test('creates the temporary file exclusively', async () => {
    const flags: number[] = []
    const open: typeof nodeFs.open = (path, flag, mode) => {
      if (String(path).endsWith('.tmp')) flags.push(Number(flag))
      return nodeFs.open(path, flag, mode)
    }
    await writeFileAtomic(`${folder()}/state`, 'new', {}, { fs: { ...nodeFs, open } })
    const { O_CREAT, O_EXCL } = nodeFs.constants
    expect(flags).toHaveLength(1)
    for (const flag of flags) expect(flag & (O_CREAT | O_EXCL)).toBe(O_CREAT | O_EXCL)
  })
})

describe('writeFilesAtomic()', () => {
  test('syncs all files before the first rename, renames in the order given, syncs each folder once', async () => {
    mkdirSync(`${dir()}/other`)
    const names = ['folder/b', 'other/c', 'folder/a', 'folder/index']
    const { fs, log } = recordingFs()
    await writeFilesAtomic(
      names.map((name) => ({ path: `${dir()}/${name}`, data: name })),
      {},
      { fs },
    )
    expectInOrder(log, ['rename b', 'rename c', 'rename a', 'rename index', 'sync folder/'])
    expect(log.filter((line) => line === 'end sync temporary')).toHaveLength(4)
    expect(log.lastIndexOf('end sync temporary')).toBeLessThan(log.indexOf('begin rename b'))
    expect(log.filter((line) => line.startsWith('end sync') && line.endsWith('/')).sort()).toEqual([
      'end sync folder/',
      'end sync other/',
    ])
    expect(log.indexOf('end rename index')).toBeLessThan(log.indexOf('begin sync other/'))
  })
})

describe('the other functions', () => {
  test('openAppendFile() syncs the folder of a new file, append() syncs the data, before they return', async () => {
    const { fs, log } = recordingFs()
    const journal = await openAppendFile(`${folder()}/journal`, { fs })
    expectInOrder(log, ['open journal', 'sync folder/'])
    await journal.append('line\n')
    expectInOrder(log, ['sync folder/', 'write journal', 'datasync journal'])
    await journal.truncate(0)
    expectInOrder(log, ['datasync journal', 'truncate journal', 'sync journal'])
    await journal.close()
  })

  test('makeDirectory() syncs the parent of every directory it created', async () => {
    const { fs, log } = recordingFs()
    await makeDirectory(`${folder()}/a/b/c`, {}, { fs })
    expectInOrder(log, ['mkdir c', 'sync b/', 'sync a/', 'sync folder/'])
    expect(changes(log)).toHaveLength(4)
    log.length = 0
    await makeDirectory(`${folder()}/a/b/c`, {}, { fs })
    expect(changes(log)).toEqual(['mkdir c'])
  })

  test('moveFile() syncs the new folder, then the old one', async () => {
    mkdirSync(`${dir()}/other`)
    writeFileSync(`${folder()}/state`, '')
    const { fs, log } = recordingFs()
    await moveFile(`${folder()}/state`, `${dir()}/other/moved`, { fs })
    expectInOrder(log, ['rename moved', 'sync other/', 'sync folder/'])
    log.length = 0
    await moveFile(`${dir()}/other/moved`, `${dir()}/other/again`, { fs })
    expect(changes(log)).toEqual(['rename again', 'sync other/'])
  })

  test('removeFile() syncs the folder', async () => {
    writeFileSync(`${folder()}/state`, '')
    const { fs, log } = recordingFs()
    await removeFile(`${folder()}/state`, {}, { fs })
    expectInOrder(log, ['unlink state', 'sync folder/'])
  })
})
