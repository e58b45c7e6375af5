import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { loadNative, type Native } from '../src/native.js'
import { WaitingLine } from '../src/waiting-line.js'

/** The line needs open-file-description locks; elsewhere it is a crowd, which the last test covers everywhere. */
describe.runIf(process.platform === 'linux')('WaitingLine', () => {
  const dir = useTempDir()
  let native: Native
  let opened: number[] = []

  beforeEach(() => {
    native = loadNative('x')
    opened = []
    return () => {
      for (const fd of opened) closeSync(fd)
    }
  })

  function joinLine(): WaitingLine {
    const fd = openSync(join(dir(), 'lock'), 'a+')
    opened.push(fd)
    const line = new WaitingLine(native, fd)
    line.moveUp()
    line.settle()
    return line
  }

  test('moveUp() puts each newcomer behind everybody', () => {
    expect([joinLine(), joinLine(), joinLine()].map((line) => line.position)).toEqual([0, 1, 2])
  })

  test('moveUp() closes a gap and overtakes nobody', () => {
    const [first, second, third] = [joinLine(), joinLine(), joinLine()]
    first.leave()
    expect(third.moveUp()).toBe(false)
    expect(second.moveUp()).toBe(true)
    second.settle()
    expect(third.moveUp()).toBe(true)
    third.settle()
    expect([second.position, third.position]).toEqual([0, 1])
  })

  test('a newcomer joins behind a gap that others have not closed yet', () => {
    const [first, second, third] = [joinLine(), joinLine(), joinLine()]
    first.leave()
    const newcomer = joinLine()
    expect([second.position, third.position, newcomer.position]).toEqual([1, 2, 3])
  })

  test('leave() lets the same process join only behind those who wait', () => {
    const [first, second] = [joinLine(), joinLine()]
    first.leave()
    first.moveUp()
    first.settle()
    second.moveUp()
    second.settle()
    expect([second.position, first.position]).toEqual([0, 2])
    first.moveUp()
    expect(first.position).toBe(1)
  })

  test('stepAside() keeps the place when the attempt fails and gives it up when it succeeds', () => {
    const [first, second] = [joinLine(), joinLine()]
    expect(second.stepAside(() => false)).toBe(false)
    expect(second.position).toBe(1)
    expect(joinLine().position).toBe(2)
    expect(first.stepAside(() => true)).toBe(true)
    expect(second.moveUp()).toBe(true)
  })

  test('more waiters than places wait for the last place', () => {
    const lines = Array.from({ length: 258 }, joinLine)
    expect(lines.map((line) => line.position)).toEqual([...Array(256).keys(), 256, 256])
    lines[255]?.leave()
    expect(lines[257]?.moveUp()).toBe(true)
    expect(lines[256]?.moveUp()).toBe(false)
  })

  test.each([
    { what: 'do not exist', setRange: undefined },
    { what: 'are refused by the file system', setRange: () => 22 },
  ])('everybody is the head where places $what', ({ setRange }) => {
    const line = new WaitingLine({ ...native, setRange }, -1)
    line.moveUp()
    expect([line.position, line.isOrdered]).toEqual([0, false])
    expect(line.stepAside(() => true)).toBe(true)
  })
})
