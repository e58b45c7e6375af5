/**
 * Invariant: wherever a put is killed, its key is either free, and takes any body at the next put, or holds the whole verified body.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { crashSweep, startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { bytes, fileOf, openEmbedded, serverUrlOf } from './embedded-store.js'

const PUT = new URL('./fixtures/put.mjs', import.meta.url)
const dir = useTempDir()

function leftovers(): string[] {
  return readdirSync(dir(), { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.holdfast-'))
}

test('put() killed before any of its operations leaves nothing or the whole body, and leftovers are swept', async () => {
  const seen = new Set<string>()
  const kills = await crashSweep(PUT, { args: [serverUrlOf(dir()), '18255', 'first body'] }, async (_, __, exit) => {
    await using archive = await openEmbedded(dir())
    const stored = await archive.get('18255').catch((error) => error.code)
    const listed = await archive.listKeys()
    if (stored === 'ERR_ARCHIVE_NOT_FOUND') {
      seen.add(existsSync(fileOf(dir(), '18255.json')) ? 'record only' : 'nothing')
      expect(listed).toEqual([])
      expect(await archive.stat('18255')).toBeUndefined()
      expect(await archive.put('18255', bytes('another body'))).toMatchObject({ outcome: 'stored' })
      expect(await archive.get('18255')).toEqual(bytes('another body'))
    } else {
      seen.add(exit.signal === null ? 'finished' : 'body before the end')
      expect(stored).toEqual(bytes('first body'))
      expect(listed).toEqual(['18255'])
      expect(await archive.put('18255', bytes('first body'))).toMatchObject({ outcome: 'already-stored' })
    }
    expect(leftovers()).toEqual([])
    rmSync(fileOf(dir(), '..'), { recursive: true })
  })
  expect(kills).toBeGreaterThan(10)
  expect([...seen].sort()).toEqual(['body before the end', 'finished', 'nothing', 'record only'])
}, 60_000)

test('put() waits no longer than the timeout for a put that is frozen, and succeeds when that one is killed', async () => {
  // Operation by operation until the frozen child has written its record and not its body.
  for (let atOperation = 1; !existsSync(fileOf(dir(), '1.json')); atOperation += 1) {
    const args = [serverUrlOf(dir()), '1', 'frozen body']
    const child = startChild(PUT, { args, crash: { atOperation, mode: 'stop' } })
    await child.waitFor('stopped')
    if (!existsSync(fileOf(dir(), '1.json'))) {
      await child[Symbol.asyncDispose]()
      continue
    }
    await using archive = await openEmbedded(dir(), 50)
    await expect(archive.put('1', bytes('other'))).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_UNAVAILABLE',
      cause: { code: 'ERR_LOCK_TIMEOUT' },
      hint: expect.stringContaining('Another process'),
    })
    child.kill('SIGKILL')
    await child.exited
    expect(await archive.put('1', bytes('other'))).toMatchObject({ outcome: 'stored' })
    expect(await archive.get('1')).toEqual(bytes('other'))
  }
}, 60_000)
