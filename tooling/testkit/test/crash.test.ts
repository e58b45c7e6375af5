import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { crashSweep, startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'

const OPERATIONS = new URL('fixtures/operations.mjs', import.meta.url)
const TALKS = new URL('fixtures/talks.mjs', import.meta.url)
const ENDS = new URL('fixtures/ends.mjs', import.meta.url)

// What operations.mjs has left when it is killed right before its n-th operation.
const LEFT_BEFORE: readonly (readonly string[])[] = [
  [],
  ['1-mkdir'],
  ['1-mkdir', '2-write-file'],
  ['1-mkdir', '2-write-file', '3-open'],
  ['1-mkdir', '2-write-file', '3-open'],
  ['1-mkdir', '2-write-file', '3-open', '5-sync-call'],
  ['1-mkdir', '2-write-file', '3-open', '5-sync-call'],
  ['1-mkdir', '2-write-file', '3-open', '5-sync-call', '7-after-sync'],
  ['1-mkdir', '2-write-file', '3-open', '5-sync-call', '8-rename'],
]
const LEFT_AT_THE_END = ['1-mkdir', '2-write-file', '3-open', '5-sync-call']

describe('crashSweep()', () => {
  const dir = useTempDir()
  const empty = (): void => {
    for (const name of readdirSync(dir())) rmSync(join(dir(), name), { recursive: true })
  }

  test('kills before every operation once and ends with the whole run', async () => {
    const seen: string[][] = []
    const kills = await crashSweep(OPERATIONS, { args: [dir()], prepare: empty }, (operation, child, exit) => {
      seen.push(readdirSync(dir()).sort())
      const isLast = operation === LEFT_BEFORE.length + 1
      expect(exit).toEqual(isLast ? { code: 0, signal: null } : { code: null, signal: 'SIGKILL' })
      expect(child.stdout()).toBe(isLast ? 'done' : '')
    })
    expect(kills).toBe(LEFT_BEFORE.length)
    expect(seen).toEqual([...LEFT_BEFORE, LEFT_AT_THE_END])
  })

  test('begins and steps as asked for', async () => {
    const operations: number[] = []
    await crashSweep(OPERATIONS, { args: [dir()], prepare: empty, from: 3, step: 4 }, (operation) => {
      operations.push(operation)
    })
    expect(operations).toEqual([3, 7, 11])
  })

  test('rejects when the child fails by itself, with its stderr', async () => {
    await expect(crashSweep(ENDS, { args: ['1'] }, () => undefined)).rejects.toThrow(
      /failed by itself before operation 1 \(exit code 1\):\nsome complaint/,
    )
  })

  test('rejects when a run does not end', async () => {
    await expect(crashSweep(TALKS, { deadlineMs: 300 }, () => undefined)).rejects.toThrow(
      /killed before operation 1 still runs after 300 ms/,
    )
  })

  test('rejects when a check fails', async () => {
    await expect(
      crashSweep(ENDS, { args: ['0'] }, () => {
        throw new Error('check failed')
      }),
    ).rejects.toThrow('check failed')
  })
})

describe("startChild() with crash mode 'stop'", () => {
  const dir = useTempDir()

  test('freezes the child before the operation and tells which', async () => {
    const child = startChild(OPERATIONS, { args: [dir()], crash: { atOperation: 8, mode: 'stop' } })
    expect(await child.waitFor('stopped')).toEqual({ type: 'stopped', operation: 'rename' })
    expect(readdirSync(dir()).sort()).toEqual(LEFT_BEFORE[7])
    child.kill()
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(readdirSync(dir()).sort()).toEqual(LEFT_BEFORE[7])
  })
})

describe('startChild() with a named crash point', () => {
  const dir = useTempDir()

  test.each([
    ['rename', 1, LEFT_BEFORE[7]],
    ['sync', 1, LEFT_BEFORE[6]],
  ])('kills right before %s number %i', async (operation, atOperation, left) => {
    const child = startChild(OPERATIONS, { args: [dir()], crash: { operation, atOperation } })
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(readdirSync(dir()).sort()).toEqual(left)
  })

  test('a point that is never reached lets the child end', async () => {
    const child = startChild(OPERATIONS, { args: [dir()], crash: { operation: 'link', atOperation: 1 } })
    expect((await child.exited).code).toBe(0)
  })
})
