import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { startSftpServer, startTcpProxy } from '@holdfast/testkit/sftp-server'
import { describe, expect, test } from 'vitest'
import { createSftpPool } from '../../src/sftp/connection-pool.ts'
import { downloadFile } from '../../src/sftp/download-file.ts'
import type { ListedFile } from '../../src/sftp/list-files.ts'
import { openPartial } from './open-partial.ts'
import { loginTo, putFiles, useSftpServer } from './use-sftp.ts'

const server = useSftpServer()
const folder = useTempDir()
const MTIME = '2026-01-01T00:00:00Z'
const BLOCK = 64 * 1024

function put(name: string, text: Uint8Array, root: string = server().root): ListedFile {
  putFiles(root, { [name]: { text, mtime: MTIME } })
  return { path: name, size: text.length, mtimeMs: Date.parse(MTIME) }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('downloadFile()', () => {
  test.each([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 1_000_000])('brings %i bytes, and their sha256', async (size) => {
    const bytes = randomBytes(size)
    const file = put('a.bin', bytes)
    await using pool = createSftpPool(loginTo(server()))
    const partial = openPartial(join(folder(), 'a'))
    const seen: number[] = []
    const done = await downloadFile(pool, file, partial, { blockBytes: BLOCK, onProgress: (all) => seen.push(all) })
    expect(readFileSync(partial.path).equals(bytes)).toBe(true)
    expect(done).toEqual({ size, mtimeMs: file.mtimeMs, sha256: sha256(bytes), resumedFrom: 0, reconnects: 0 })
    expect(seen.at(-1) ?? 0).toBe(size)
    expect(partial.largestAppend).toBeLessThanOrEqual(BLOCK)
  })

  // No connection lives long enough for the whole file: beginning anew would never end.
  test('goes on in the same call when the line is cut in the middle, again and again', async () => {
    const bytes = randomBytes(3_000_000)
    const file = put('cut.bin', bytes)
    await using proxy = await startTcpProxy(server().port)
    proxy.cutAfter(700_000)
    await using pool = createSftpPool(loginTo(server(), { port: proxy.port }))
    const partial = openPartial(join(folder(), 'cut'))
    const done = await downloadFile(pool, file, partial, { blockBytes: BLOCK })
    expect(done.sha256).toBe(sha256(bytes))
    expect(readFileSync(partial.path).equals(bytes)).toBe(true)
    expect(done.reconnects).toBeGreaterThan(2)
  })

  test('goes on after the server was killed and started again', async () => {
    await using own = await startSftpServer()
    const bytes = randomBytes(4_000_000)
    const file = put('killed.bin', bytes, own.root)
    await using pool = createSftpPool(loginTo(own, { connectAttempts: 20 }))
    let restarting: Promise<void> | undefined
    const partial = openPartial(join(folder(), 'killed'))
    const done = await downloadFile(pool, file, partial, {
      blockBytes: BLOCK,
      onProgress: (all) => {
        if (all > 1_000_000) restarting ??= own.kill().then(() => own.restart())
      },
    })
    await restarting
    expect(readFileSync(partial.path).equals(bytes)).toBe(true)
    expect(done).toMatchObject({ sha256: sha256(bytes), reconnects: 1 })
  })

  test('a call that failed is gone on with by the next one, after the last bytes were compared', async () => {
    const bytes = randomBytes(2_000_000)
    const file = put('later.bin', bytes)
    await using pool = createSftpPool(loginTo(server()))
    const path = join(folder(), 'later')
    const controller = new AbortController()
    const stopped = downloadFile(pool, file, openPartial(path), {
      ...{ blockBytes: BLOCK, signal: controller.signal },
      onProgress: (all) => all > 1_000_000 && controller.abort(new Error('Stopped')),
    })
    await expect(stopped).rejects.toThrow('Stopped')
    const done = await downloadFile(pool, file, openPartial(path), { blockBytes: BLOCK })
    expect(done.resumedFrom).toBeGreaterThan(900_000)
    expect(done.resumedFrom % BLOCK).toBe(0)
    expect(done.sha256).toBe(sha256(bytes))
    expect(readFileSync(path).equals(bytes)).toBe(true)
  })

  test.each([
    {
      what: 'whose last block was not written whole',
      there: (b: Buffer) => [b.subarray(0, 3 * BLOCK), Buffer.alloc(BLOCK)],
      from: 3 * BLOCK,
    },
    {
      what: 'with other bytes at its end',
      there: (b: Buffer) => [b.subarray(0, BLOCK), randomBytes(2 * BLOCK)],
      from: 0,
    },
    { what: 'that is larger than the file', there: () => [randomBytes(6 * BLOCK)], from: 0 },
    { what: 'with more behind it', there: (b: Buffer) => [b, randomBytes(3 * BLOCK)], from: 4 * BLOCK },
    { what: 'that is whole', there: (b: Buffer) => [b], from: 4 * BLOCK },
    { what: 'that is smaller than a block', there: (b: Buffer) => [b.subarray(0, 100)], from: 0 },
  ])('a partial file $what is cut back to what is sure: $from', async ({ there, from }) => {
    const bytes = randomBytes(5 * BLOCK)
    const file = put('sure.bin', bytes)
    const path = join(folder(), 'sure')
    writeFileSync(path, Buffer.concat(there(bytes)))
    await using pool = createSftpPool(loginTo(server()))
    const done = await downloadFile(pool, file, openPartial(path), { blockBytes: BLOCK })
    expect(done).toMatchObject({ resumedFrom: from, sha256: sha256(bytes) })
    expect(readFileSync(path).equals(bytes)).toBe(true)
  })

  test.each([
    { what: 'another size', change: (path: string) => appendFileSync(path, 'more') },
    { what: 'another time', change: (path: string) => utimesSync(path, new Date(), new Date()) },
  ])('a file with $what than when it was listed is refused before it is read', async ({ change }) => {
    const file = put('changed.bin', randomBytes(1000))
    change(join(server().root, 'changed.bin'))
    utimesSync(join(server().root, 'changed.bin'), new Date(), new Date('2026-02-02T00:00:00Z'))
    await using pool = createSftpPool(loginTo(server()))
    const partial = openPartial(join(folder(), 'changed'))
    const seen: number[] = []
    const download = downloadFile(pool, file, partial, { onProgress: (all) => seen.push(all) })
    await expect(download).rejects.toMatchObject({
      code: 'ERR_SFTP_FILE_CHANGED',
      expected: { size: 1000, mtimeMs: file.mtimeMs },
      found: { mtimeMs: Date.parse('2026-02-02T00:00:00Z') },
    })
    expect(partial.size).toBe(0)
    expect(seen).toEqual([])
  })

  test.each([
    { what: 'is written to', change: (path: string) => appendFileSync(path, 'more') },
    { what: 'shrinks', change: (path: string) => truncateSync(path, 500_000) },
    {
      what: 'is replaced by another of the same size',
      change: (path: string) => {
        writeFileSync(`${path}.new`, randomBytes(3_000_000))
        renameSync(`${path}.new`, path)
      },
    },
  ])('a file that $what during the download is an error, never a mixture', async ({ change }) => {
    const file = put('during.bin', randomBytes(3_000_000))
    await using pool = createSftpPool(loginTo(server()))
    const partial = openPartial(join(folder(), 'during'))
    let changed = false
    const download = downloadFile(pool, file, partial, {
      blockBytes: BLOCK,
      onProgress: (all) => {
        if (all < 1_000_000 || changed) return
        changed = true
        change(join(server().root, 'during.bin'))
      },
    })
    await expect(download).rejects.toMatchObject({ code: 'ERR_SFTP_FILE_CHANGED' })
    expect(readFileSync(partial.path).length).toBe(0)
  })

  test('a file that is taken away after it was opened is whole all the same', async () => {
    const bytes = randomBytes(2_000_000)
    const file = put('gone.bin', bytes)
    await using pool = createSftpPool(loginTo(server()))
    const partial = openPartial(join(folder(), 'gone'))
    const done = await downloadFile(pool, file, partial, {
      onProgress: () => rmSync(join(server().root, 'gone.bin'), { force: true }),
    })
    expect(done.sha256).toBe(sha256(bytes))
    await expect(downloadFile(pool, file, openPartial(join(folder(), 'gone2')))).rejects.toMatchObject({
      code: 'ERR_SFTP_PATH',
      status: 'no-such-file',
      retryable: false,
    })
  })

  test('a disk that is full is that error, and no other', async () => {
    const file = put('full.bin', randomBytes(500_000))
    await using pool = createSftpPool(loginTo(server()))
    const full = Object.assign(new Error('No space left'), { code: 'ENOSPC' })
    const partial = {
      ...{ path: join(folder(), 'full'), size: 0 },
      append: () => Promise.reject(full),
      truncate: async () => undefined,
    }
    await expect(downloadFile(pool, file, partial, { blockBytes: BLOCK })).rejects.toBe(full)
  })
})
