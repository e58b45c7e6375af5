import { closeSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { lockDescriptor } from '@holdfast/lock'
import { startChild, useTempDir } from '@holdfast/testkit'
import { afterEach, describe, expect, test } from 'vitest'

const dir = useTempDir()
const opened: number[] = []
afterEach(() => {
  for (const fd of opened.splice(0)) closeSync(fd)
})

function open(): { fd: number; path: string } {
  const path = `${dir()}/journal`
  const fd = openSync(path, 'a+')
  opened.push(fd)
  return { fd, path }
}

const HOLDER = new URL('fixtures/hold-descriptor.mjs', import.meta.url)

describe('lockDescriptor()', () => {
  test('excludes another descriptor of the same process until it is dropped', async () => {
    const first = open()
    const second = open()
    const unlock = await lockDescriptor(first.fd, first.path)
    await expect(lockDescriptor(second.fd, second.path)).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' })
    const waiting = lockDescriptor(second.fd, second.path, { timeoutMs: 10_000 })
    unlock?.()
    expect(await waiting).toBeTypeOf('function')
  })

  test('excludes another process, and is free once that one is killed', async () => {
    const { fd, path } = open()
    const child = startChild(HOLDER, { args: [path] })
    await child.ready()
    await expect(lockDescriptor(fd, path, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT', path })
    const waiting = lockDescriptor(fd, path, { timeoutMs: 10_000 })
    child.kill('SIGKILL')
    expect(await waiting).toBeTypeOf('function')
  })

  test('resolves to undefined when the path names another file or none', async () => {
    const { fd, path } = open()
    renameSync(path, `${path}.1`)
    expect(await lockDescriptor(fd, path)).toBeUndefined()
    writeFileSync(path, '')
    expect(await lockDescriptor(fd, path)).toBeUndefined()
    const current = open()
    expect(await lockDescriptor(current.fd, current.path)).toBeTypeOf('function')
  })

  test('stops waiting when its signal aborts', async () => {
    const first = open()
    const second = open()
    await lockDescriptor(first.fd, first.path)
    const controller = new AbortController()
    const waiting = lockDescriptor(second.fd, second.path, { timeoutMs: 10_000, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow()
  })
})
