import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { useTempDir } from '@holdfast/testkit'
import { expect, onTestFinished, test } from 'vitest'

import { FileLock, type LockOptions } from '../src/index.js'

const dir = useTempDir()
const lockPath = (): string => join(dir(), 'job.lock')

function startWorker(options: LockOptions = {}): Worker {
  const worker = new Worker(new URL('./fixtures/worker.mjs', import.meta.url), {
    workerData: { path: lockPath(), options },
  })
  onTestFinished(async () => {
    await worker.terminate()
  })
  return worker
}

async function answer(worker: Worker): Promise<unknown> {
  const [message] = await once(worker, 'message', { signal: AbortSignal.timeout(10_000) })
  return message
}

test('a worker thread is kept out like any other process', async () => {
  await using _lock = await FileLock.acquire(lockPath())
  expect(await answer(startWorker())).toEqual({ held: false, code: 'ERR_LOCK_EXISTS' })
})

test('a worker thread waits for the main thread, and the main thread for it', async () => {
  const first = await FileLock.acquire(lockPath())
  const worker = startWorker({ timeoutMs: 10_000 })
  const held = answer(worker)
  await first.release()
  expect(await held).toEqual({ held: true })
  await expect(FileLock.acquire(lockPath())).rejects.toMatchObject({ code: 'ERR_LOCK_EXISTS' })
  worker.postMessage('release')
  await using again = await FileLock.acquire(lockPath(), { timeoutMs: 10_000 })
  expect(again.previous).toBeUndefined()
})

test('a terminated worker thread leaves the lock free, and that it did not release is known', async () => {
  const worker = startWorker()
  expect(await answer(worker)).toEqual({ held: true })
  await worker.terminate()
  await using lock = await FileLock.acquire(lockPath(), { timeoutMs: 5000 })
  expect(lock.previous).toMatchObject({ pid: process.pid })
})
