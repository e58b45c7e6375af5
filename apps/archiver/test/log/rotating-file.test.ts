import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { RotatingFile, type RotatingFileOptions } from '../../src/log/rotating-file.js'

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
