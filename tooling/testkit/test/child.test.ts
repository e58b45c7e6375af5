import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { startChild, useTempDir } from '@holdfast/testkit'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'

const TALKS = new URL('fixtures/talks.mjs', import.meta.url)
const ENDS = new URL('fixtures/ends.mjs', import.meta.url)
const GRANDCHILD = new URL('fixtures/leaves-a-grandchild.mjs', import.meta.url)
const OPERATIONS = new URL('fixtures/operations.mjs', import.meta.url)

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('startChild()', () => {
  test('passes arguments, environment and messages both ways', async () => {
    const child = startChild(TALKS, { args: ['a', 'b c'], env: { TALKS: 'yes' } })
    expect(await child.ready()).toEqual({ type: 'ready', args: ['a', 'b c'] })
    child.send({ type: 'first' })
    child.send({ type: 'second' })
    expect(await child.waitFor('answer')).toEqual({ type: 'answer', question: 'first', env: 'yes' })
    expect(await child.waitFor('answer')).toEqual({ type: 'answer', question: 'second', env: 'yes' })
  })

  test('waitFor() rejects with the stderr of a child that ended first', async () => {
    const child = startChild(ENDS, { args: ['4'] })
    await expect(child.ready()).rejects.toThrow(/ended before it sent 'ready'.*\n.*some complaint/)
    expect(await child.exited).toEqual({ code: 4, signal: null })
  })

  test('waitFor() rejects at the deadline when the child never says it', async () => {
    const child = startChild(TALKS, { deadlineMs: 300 })
    await expect(child.waitFor('something else')).rejects.toThrow(/sent no 'something else' within 300 ms/)
    expect(isRunning(child.pid)).toBe(true)
  })

  test('send() to a child that has ended does not break the test', async () => {
    const child = startChild(ENDS, { args: ['0'] })
    await child.exited
    child.send({ type: 'anybody there' })
    await expect(child.waitFor('answer')).rejects.toThrow(/ended before/)
  })

  test('kill() ends it with the signal', async () => {
    const child = startChild(TALKS)
    await child.ready()
    child.kill('SIGTERM')
    expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' })
  })

  test('exited resolves although a process started by the child keeps its output open', async () => {
    const child = startChild(GRANDCHILD)
    const { pid } = await child.waitFor('grandchild')
    onTestFinished(() => {
      process.kill(Number(pid), 'SIGKILL')
    })
    expect(await child.exited).toEqual({ code: 3, signal: null })
    expect(isRunning(Number(pid))).toBe(true)
  })
})

describe('reaping', () => {
  const dir = useTempDir()
  let living = 0
  let frozen = 0

  test('leaves a living and a frozen child to the end of the test', async () => {
    const child = startChild(TALKS)
    await child.ready()
    const stopped = startChild(OPERATIONS, { args: [dir()], crash: { atOperation: 1, mode: 'stop' } })
    await stopped.waitFor('stopped')
    living = child.pid
    frozen = stopped.pid
    expect(isRunning(living) && isRunning(frozen)).toBe(true)
  })

  afterAll(() => {
    expect(living).not.toBe(0)
    expect([isRunning(living), isRunning(frozen)]).toEqual([false, false])
  })
})

describe('useTempDir()', () => {
  const dir = useTempDir()
  const seen: string[] = []

  test.for([1, 2])('gives a folder of its own to test %i', (round) => {
    expect(readdirSync(dir())).toEqual([])
    writeFileSync(`${dir()}/file`, '')
    expect(seen).not.toContain(dir())
    for (const earlier of seen) expect(existsSync(earlier)).toBe(false)
    seen.push(dir())
    expect(seen).toHaveLength(round)
  })
})
