/** Invariant: wherever a put to a server is killed, putting again answers, and the key holds one whole body. */
import { startChild } from '@holdfast/testkit'
import { openArchive } from '@holdfast/ucondb'
import { expect, onTestFinished, test } from 'vitest'
import { FakeUconDbServer, type Fault } from '../support/fake-ucondb-server.js'

const PUT = new URL('../fixtures/put.mjs', import.meta.url)

test.each<[string, Fault, readonly string[], string]>([
  ['before the server has stored', 'stall', [], 'stored'],
  ['after the server has stored and before it answers', 'keep-answer', ['7'], 'already-stored'],
])('put() killed %s is settled by the next put', async (_, fault, keysAfterKill, outcome) => {
  const server = await FakeUconDbServer.start({ authentication: 'none' })
  onTestFinished(() => server[Symbol.asyncDispose]())
  server.fail(fault, 'put')
  const child = startChild(PUT, { args: [server.url, '7', 'the record'] })
  await expect.poll(() => server.isBusyWithPut(), { timeout: 10_000 }).toBe(true)
  child.kill('SIGKILL')
  expect(await child.exited).toMatchObject({ signal: 'SIGKILL' })
  expect(server.keys()).toEqual(keysAfterKill)

  await using archive = await openArchive({
    serverUrl: server.url,
    folderName: 'runs',
    objectName: 'configuration',
  })
  expect(await archive.put('7', Buffer.from('the record'))).toMatchObject({ outcome })
  expect(Buffer.from(await archive.get('7')).toString()).toBe('the record')
  expect(server.keys()).toEqual(['7'])
})
