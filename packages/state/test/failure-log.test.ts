import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { appendToFailureLog, parseRunRecordsFromFile, writeFailureLog } from '../src/index.js'
import { recordingLogger } from './support/recording-logger.js'

const dir = useTempDir()
const log = (): string => join(dir(), 'import_failures.log')
const content = (): string => readFileSync(log(), 'utf8')

describe('parseRunRecordsFromFile', () => {
  test('answers the run numbers and ignores other lines, with a warning', async () => {
    writeFileSync(log(), '100\n200\ninvalid\n300\n\n')
    const logger = recordingLogger()
    expect(await parseRunRecordsFromFile(log(), { logger })).toEqual([100, 200, 300])
    expect(logger.lines).toEqual([expect.stringMatching(/^warn: .*: 3$/)])
  })

  test.each<{ line: string; runs: number[]; warned: boolean }>([
    { line: ' 100 ', runs: [100], warned: false },
    { line: '\t7\r', runs: [7], warned: false },
    { line: '007', runs: [7], warned: false },
    { line: '   ', runs: [], warned: false },
    { line: '+5', runs: [], warned: true },
    { line: '-5', runs: [], warned: true },
    { line: '1_000', runs: [], warned: true },
    { line: '1.0', runs: [], warned: true },
    { line: '0x10', runs: [], warned: true },
    { line: '1 2', runs: [], warned: true },
    { line: '٣', runs: [], warned: true },
    { line: '9007199254740992', runs: [], warned: true },
  ])('reads the line $line as $runs', async ({ line, runs, warned }) => {
    writeFileSync(log(), `${line}\n`)
    const logger = recordingLogger()
    expect(await parseRunRecordsFromFile(log(), { logger })).toEqual(runs)
    expect(logger.lines.length > 0).toBe(warned)
  })

  test('keeps the order and the duplicates of the file', async () => {
    writeFileSync(log(), '3\n1\n3')
    expect(await parseRunRecordsFromFile(log())).toEqual([3, 1, 3])
  })

  test('answers nothing for a missing file', async () => {
    expect(await parseRunRecordsFromFile(log())).toEqual([])
  })

  test.each<[string, Buffer]>([
    ['not UTF-8', Buffer.from([0x31, 0x0a, 0xff, 0x0a])],
    ['full of NUL bytes', Buffer.alloc(16)],
  ])('answers nothing for a file that is %s, as an error', async (_title, bytes) => {
    writeFileSync(log(), bytes)
    const logger = recordingLogger()
    expect(await parseRunRecordsFromFile(log(), { logger })).toEqual([])
    expect(logger.lines).toEqual([expect.stringMatching(/^error: /)])
    expect(readFileSync(log())).toEqual(bytes)
  })
})

describe('appendToFailureLog', () => {
  test('adds to what is there', async () => {
    writeFileSync(log(), '105\n')
    await appendToFailureLog(log(), [106, 107])
    expect(content()).toBe('105\n106\n107\n')
    expect(readFileSync(`${log()}.bak`, 'utf8')).toBe('105\n')
  })

  test('sorts and removes duplicates', async () => {
    writeFileSync(log(), '9\n3\n9')
    await appendToFailureLog(log(), [5, 3, 10])
    expect(content()).toBe('3\n5\n9\n10\n')
  })

  test('creates the file and its folder', async () => {
    const path = join(dir(), 'new', 'failures.log')
    await appendToFailureLog(path, [2])
    expect(readFileSync(path, 'utf8')).toBe('2\n')
  })

  test('writes nothing when nothing changes', async () => {
    await writeFailureLog(log(), [1, 2])
    await appendToFailureLog(log(), [2])
    expect(readdirSync(dir()).sort()).toEqual(['import_failures.log', 'import_failures.log.lock'])
  })

  test('keeps a log with foreign lines under a name of its own', async () => {
    writeFileSync(log(), '# see ticket 12\n105\n')
    const logger = recordingLogger()
    await appendToFailureLog(log(), [106], { logger })
    await appendToFailureLog(log(), [107], { logger })
    expect(content()).toBe('105\n106\n107\n')
    const [aside = ''] = readdirSync(dir()).filter((name) => name.includes('.corrupt-'))
    expect(readFileSync(join(dir(), aside), 'utf8')).toBe('# see ticket 12\n105\n')
    expect(logger.lines).toEqual([expect.stringContaining(aside)])
  })

  test('saves the runs of a damaged log and of its backup', async () => {
    writeFileSync(`${log()}.bak`, '100\n')
    writeFileSync(log(), Buffer.from('101\n\xff\xff\n', 'latin1'))
    const logger = recordingLogger()
    await appendToFailureLog(log(), [102], { logger })
    expect(content()).toBe('100\n101\n102\n')
    expect(logger.lines).toEqual([expect.stringMatching(/^error: .*not UTF-8/)])
  })

  test.each<[unknown, string]>([
    [-1, 'RangeError'],
    [0.5, 'RangeError'],
    ['7', 'TypeError'],
  ])('refuses %s before touching anything', async (run, name) => {
    await expect(appendToFailureLog(log(), [1, run as number])).rejects.toMatchObject({ name })
    await expect(writeFailureLog(log(), [1, run as number])).rejects.toMatchObject({ name })
    expect(readdirSync(dir())).toEqual([])
  })
})

describe('writeFailureLog', () => {
  test('replaces the content, sorted', async () => {
    writeFileSync(log(), '1\n')
    await writeFailureLog(log(), [115, 105, 110, 105])
    expect(content()).toBe('105\n110\n115\n')
  })

  test('writes an empty file for no failures', async () => {
    await writeFailureLog(log(), [])
    expect(content()).toBe('')
  })
})
