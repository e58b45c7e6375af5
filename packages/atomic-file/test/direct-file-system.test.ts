import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import { constants } from 'node:fs/promises'
import { directFileSystem, type FileSystem, openAppendFile, writeFileAtomic } from '@holdfast/atomic-file'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'

const dir = useTempDir()
const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = constants
const MEGABYTE = 1024 * 1024

describe('directFileSystem', () => {
  const failures: readonly [string, (fs: FileSystem) => Promise<unknown>][] = [
    ['open', (fs) => fs.open(`${dir()}/missing`, O_RDONLY)],
    ['open exclusively', (fs) => fs.open(`${dir()}/there`, O_RDWR | O_CREAT | O_EXCL)],
    ['lstat', (fs) => fs.lstat(`${dir()}/missing`)],
    ['link', (fs) => fs.link(`${dir()}/missing`, `${dir()}/link`)],
    ['link to what is there', (fs) => fs.link(`${dir()}/there`, `${dir()}/folder`)],
    ['rename', (fs) => fs.rename(`${dir()}/missing`, `${dir()}/renamed`)],
    ['unlink', (fs) => fs.unlink(`${dir()}/missing`)],
    ['readFile', (fs) => fs.readFile(`${dir()}/missing`)],
    ['readdir', (fs) => fs.readdir(`${dir()}/missing`, { withFileTypes: true })],
  ]
  test.each(failures)('rejects as node:fs/promises does: %s', async (_name, call) => {
    writeFileSync(`${dir()}/there`, '')
    mkdirSync(`${dir()}/folder`)
    const told = (error: NodeJS.ErrnoException): object => {
      const { message, code, path, syscall, errno } = error
      return { message, code, path, syscall, errno }
    }
    const [ours, theirs] = await Promise.all([
      call(directFileSystem).then(() => 'no error', told),
      call(nodeFs).then(() => 'no error', told),
    ])
    expect(ours).toEqual(theirs)
    expect(ours).toHaveProperty('code')
  })

  test('lets the calls under way end before it closes, and refuses those that come later', async () => {
    const file = await directFileSystem.open(`${dir()}/large`, O_RDWR | O_CREAT, 0o600)
    const bytes = Buffer.alloc(64 * MEGABYTE, 'x')
    const written = file.write(bytes, 0, bytes.length, 0)
    const synced = file.sync()
    await file.close()
    await file.close()
    expect(statSync(`${dir()}/large`)).toMatchObject({ size: bytes.length })
    expect(await written).toMatchObject({ bytesWritten: bytes.length })
    await synced
    expect(file.fd).toBe(-1)
    await expect(file.write(bytes, 0, 1, 0)).rejects.toMatchObject({ code: 'EBADF' })
    await expect(file.sync()).rejects.toMatchObject({ code: 'EBADF' })
  })
})

test('the package works on node:fs/promises, too', async () => {
  await using log = await openAppendFile(`${dir()}/log`, { fs: nodeFs })
  const publishAfter = (): Promise<void> => log.append('line\n')
  for (const data of ['old', 'new']) {
    await writeFileAtomic(`${dir()}/state`, data, { publishAfter, backupPath: `${dir()}/bak` }, { fs: nodeFs })
  }
  expect(readFileSync(`${dir()}/state`, 'utf8')).toBe('new')
  expect(readFileSync(`${dir()}/bak`, 'utf8')).toBe('old')
  expect(readFileSync(`${dir()}/log`, 'utf8')).toBe('line\nline\n')
})
