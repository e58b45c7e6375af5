import { chmodSync, rmSync } from 'node:fs'
import { fillDisk, mountTinyFileSystem, startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { bytes, fileOf, openEmbedded, serverUrlOf } from './embedded-store.js'

const PUT_UNPRIVILEGED = new URL('./fixtures/put-unprivileged.mjs', import.meta.url)
const dir = useTempDir()

describe('embedded archive', () => {
  test('put() on a full disk stores nothing, keeps what is stored, and succeeds when there is room again', async (context) => {
    const disk = mountTinyFileSystem(512 * 1024)
    if (disk === undefined) return context.skip('mounting needs root')
    await using archive = await openEmbedded(disk)
    await archive.put('1', bytes('early'))
    const filler = fillDisk(disk, 64 * 1024)
    const body = new Uint8Array(100_000).fill(7)
    for (const attempt of [1, 2]) {
      await expect(archive.put('2', body), `attempt ${attempt}`).rejects.toMatchObject({
        code: 'ERR_ARCHIVE_UNAVAILABLE',
        path: fileOf(disk, '2'),
        cause: { code: 'ENOSPC' },
        hint: expect.stringContaining('disk is full'),
      })
    }
    fillDisk(disk)
    expect(await archive.get('1')).toEqual(bytes('early'))
    expect(await archive.put('1', bytes('early'))).toMatchObject({ outcome: 'already-stored' })
    expect(await archive.listKeys()).toEqual(['1'])
    rmSync(filler)
    expect(await archive.put('2', body)).toMatchObject({ outcome: 'stored' })
    expect(await archive.get('2')).toEqual(body)
  })

  test('a folder that may not be written is reported by check() and put() and can still be read', async () => {
    const child = startChild(PUT_UNPRIVILEGED, { args: [serverUrlOf(dir())] })
    await child.ready()
    for (const path of [dir(), fileOf(dir(), '..'), fileOf(dir(), '.'), fileOf(dir(), '.put')]) chmodSync(path, 0o555)
    child.send({ type: 'go' })
    const done = await child.waitFor('done')
    for (const path of [dir(), fileOf(dir(), '..'), fileOf(dir(), '.'), fileOf(dir(), '.put')]) chmodSync(path, 0o755)
    expect(done).toMatchObject({
      code: 'ERR_ARCHIVE_UNAVAILABLE',
      path: fileOf(dir(), '2'),
      hint: expect.stringContaining('permission'),
      message: expect.stringContaining('EACCES'),
      stored: 'while it was writable',
      check: {
        usable: false,
        folderExists: true,
        problems: [
          { message: expect.stringContaining(fileOf(dir(), '')), hint: expect.stringContaining('permission') },
        ],
      },
    })
  })
})
