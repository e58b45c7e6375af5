import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fillDisk, mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { RotatingFile, type RotatingFileDeps, type RotatingFileOptions } from '../../src/log/rotating-file.js'

const dir = useTempDir()
const path = () => join(dir(), 'logs', 'a.log')
const neverFails = (error: unknown) => {
  throw error
}

function open(options: RotatingFileOptions, now: () => number = Date.now): RotatingFile {
  return new RotatingFile(path(), options, { now, onError: neverFails })
}

describe('RotatingFile', () => {
  test('appends to what is there', () => {
    for (const line of ['one', 'two']) {
      const file = open({})
      file.write(line)
      file.close()
    }
    expect(readFileSync(path(), 'utf8')).toBe('one\ntwo\n')
  })

  test('rotates before a line that would make it too large, and keeps the newest as .1', () => {
    const file = open({ maxBytes: 8, keep: 2 })
    for (const line of ['aaaa', 'bbbb', 'cccc', 'dddd']) file.write(line)
    file.close()
    expect(readdirSync(join(dir(), 'logs')).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2'])
    expect(['', '.1', '.2'].map((ending) => readFileSync(path() + ending, 'utf8'))).toEqual([
      'dddd\n',
      'cccc\n',
      'bbbb\n',
    ])
  })

  test('rotates when its first line is too old', () => {
    let now = Date.now()
    const file = open({ maxAgeMs: 1000 }, () => now)
    file.write('old')
    now += 1001
    file.write('new')
    file.close()
    expect([readFileSync(`${path()}.1`, 'utf8'), readFileSync(path(), 'utf8')]).toEqual(['old\n', 'new\n'])
  })

  test('reports once that it cannot write and then stays silent', () => {
    writeFileSync(join(dir(), 'logs'), 'a file where the folder should be')
    const errors: unknown[] = []
    const file = new RotatingFile(path(), {}, { onError: (error) => errors.push(error) })
    file.write('one')
    file.write('two')
    expect(errors).toMatchObject([{ code: 'EEXIST' }])
  })
})

describe('RotatingFile, touched by others', () => {
  const read = (ending = '') => readFileSync(path() + ending, 'utf8')

  test.each<[what: string, act: () => void, moved: string | undefined]>([
    ['moved away', () => renameSync(path(), `${path()}-moved`), '-moved'],
    ['deleted', () => unlinkSync(path()), undefined],
    ['deleted with its folder', () => rmSync(dirname(path()), { recursive: true }), undefined],
  ])('a file that was %s is begun anew with the next line', (_, act, moved) => {
    const file = open({})
    file.write('one')
    act()
    file.write('two')
    file.close()
    expect(read()).toBe('two\n')
    if (moved !== undefined) expect(read(moved)).toBe('one\n')
  })

  test('a file that was copied and truncated goes on at its start, as old as its new first line', () => {
    let now = Date.now()
    const file = open({ maxAgeMs: 1000 }, () => now)
    file.write('one')
    copyFileSync(path(), `${path()}-copy`)
    truncateSync(path())
    now += 900
    file.write('two')
    now += 900
    file.write('three')
    file.close()
    expect([read('-copy'), read()]).toEqual(['one\n', 'two\nthree\n'])
  })

  test('reopen() goes on in the file that has the name then', () => {
    const file = open({})
    file.write('one')
    renameSync(path(), `${path()}-moved`)
    file.reopen()
    file.write('two')
    file.close()
    expect([read('-moved'), read()]).toEqual(['one\n', 'two\n'])
  })

  test('a process that may not rotate only adds its lines', () => {
    const file = new RotatingFile(path(), { maxBytes: 3 }, { mayRotate: () => false, onError: neverFails })
    for (const line of ['one', 'two']) file.write(line)
    file.close()
    expect(readdirSync(dirname(path()))).toEqual(['a.log'])
  })

  test('the file that another process rotated is followed', () => {
    const [first, second] = [open({ maxBytes: 8 }), open({ maxBytes: 8 })]
    first.write('aaaa')
    second.write('b')
    first.write('cccc')
    second.write('d')
    for (const file of [first, second]) file.close()
    expect([read('.1'), read()]).toEqual(['aaaa\nb\n', 'cccc\nd\n'])
  })

  test.each([
    ['text', '2026-11-01 10:00:00,000 - archiver - INFO - old'],
    ['JSON', '{"time":"2026-11-01T10:00:00.000Z","level":"INFO"}'],
  ])('the first line of a file, as %s, says how old it is, whatever the file system says', (_, line) => {
    mkdirSync(dirname(path()))
    writeFileSync(path(), `${line}\n`)
    const file = open({ maxAgeMs: 86_400_000 }, () => Date.UTC(2026, 10, 3))
    file.write('new')
    file.close()
    expect([read('.1'), read()]).toEqual([`${line}\n`, 'new\n'])
  })

  test('a line that a crash cut off is ended before the next one', () => {
    mkdirSync(dirname(path()))
    writeFileSync(path(), 'whole\nhal')
    const file = open({})
    file.write('new')
    file.close()
    expect(read()).toBe('whole\nhal\nnew\n')
  })

  test('a pipe that nobody reads does not hold up the program', () => {
    mkdirSync(dirname(path()))
    execFileSync('mkfifo', [path()])
    const errors: unknown[] = []
    const file = new RotatingFile(path(), {}, { onError: (error) => errors.push(error) })
    file.write('one')
    expect(errors).toMatchObject([{ code: 'ENXIO' }])
  })
})

describe('RotatingFile, full disk', () => {
  test('lines are given up for a while, then the file goes on and says how many are missing', () => {
    const small = mountTinyFileSystem(400_000)
    if (small === undefined) throw new Error('This test needs a mounted tiny file system: run it as root')
    const errors: unknown[] = []
    let now = Date.now()
    const deps: RotatingFileDeps = {
      now: () => now,
      onError: (error) => errors.push(error),
      describeLoss: (lines) => `${lines} lost`,
    }
    const log = join(small, 'a.log')
    const file = new RotatingFile(log, { retryAfterMs: 1000 }, deps)
    file.write('one')
    const ballast = fillDisk(small)
    for (let count = 0; count < 5; count += 1) file.write('x'.repeat(10_000))
    now += 1001
    file.write('x'.repeat(10_000))
    expect(errors).toMatchObject([{ code: 'ENOSPC' }])
    rmSync(ballast)
    file.write('still given up')
    now += 1001
    file.write('two')
    file.close()
    const lines = readFileSync(log, 'utf8').split('\n')
    expect(lines.filter((line) => !/^x*$/.test(line))).toEqual(['one', '7 lost', 'two'])
  })
})
