import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import {
  getIncrementalStartRun,
  readState,
  updateAttemptedRunState,
  updateContiguousRunState,
  writeState,
} from '../src/index.js'
import { recordingLogger } from './support/recording-logger.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'importer_state.json')
const now = (): number => Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const asideOf = (path: string): string => `${path}.corrupt-20260102T030405.678Z`
const visible = (): string[] =>
  readdirSync(dir())
    .filter((name) => !name.endsWith('.lock'))
    .sort()

function faultyFs(call: 'readFile' | 'open', code: string): typeof nodeFs {
  const fail = (path: unknown): Promise<never> =>
    Promise.reject(Object.assign(new Error(`${code}: injected, '${String(path)}'`), { code }))
  return { ...nodeFs, [call]: fail }
}

describe('writeState', () => {
  test('writes the bytes Python writes with an indent of 2, creating folders', async () => {
    const path = join(dir(), 'a', 'b', 'state.json')
    expect(
      await writeState(path, { last_contiguous_run: 12500, last_attempted_run: 12550, note: 'größer', list: [] }),
    ).toBe(true)
    expect(readFileSync(path, 'latin1')).toBe(
      '{\n  "last_contiguous_run": 12500,\n  "last_attempted_run": 12550,\n  "note": "gr\\u00f6\\u00dfer",\n  "list": []\n}',
    )
  })

  test('keeps the content before as .bak', async () => {
    await writeState(file(), { last_attempted_run: 1 })
    await writeState(file(), { last_attempted_run: 2 })
    expect(JSON.parse(readFileSync(`${file()}.bak`, 'utf8'))).toEqual({ last_attempted_run: 1 })
  })

  test.each<[string, unknown]>([
    ['a negative counter', { last_contiguous_run: -1 }],
    ['a fraction', { last_attempted_run: 1.5 }],
    ['NaN', { last_attempted_run: Number.NaN }],
    ['a counter beyond 2^53 - 1', { last_contiguous_run: 2 ** 53 }],
    ['a counter as text', { last_contiguous_run: '12' }],
    ['a BigInt', { other: 1n }],
    ['an array', [1]],
    ['null', null],
  ])('answers false for %s, tells the logger and leaves the file', async (_title, state) => {
    await writeState(file(), { last_attempted_run: 7 })
    const logger = recordingLogger()
    expect(await writeState(file(), state as Record<string, unknown>, { logger })).toBe(false)
    expect(logger.lines).toEqual([expect.stringMatching(/^error: State was not written/)])
    expect(await readState(file())).toEqual({ last_attempted_run: 7 })
  })

  test('answers false when the folder cannot be made', async () => {
    writeFileSync(join(dir(), 'plain'), '')
    const logger = recordingLogger()
    expect(await writeState(join(dir(), 'plain', 'state.json'), {}, { logger })).toBe(false)
    expect(logger.lines).toHaveLength(1)
  })

  test('answers false when the file system takes no new file', async () => {
    await writeState(file(), { last_attempted_run: 7 })
    const logger = recordingLogger()
    expect(await writeState(file(), {}, { logger }, { fs: faultyFs('open', 'EROFS') })).toBe(false)
    expect(logger.lines.join()).toContain('EROFS')
    expect(await readState(file())).toEqual({ last_attempted_run: 7 })
  })

  test('never makes a damaged file the backup', async () => {
    writeFileSync(file(), '{dam')
    await writeState(file(), { last_attempted_run: 2 }, {}, { now })
    expect(visible()).toEqual(['importer_state.json', 'importer_state.json.corrupt-20260102T030405.678Z'])
    expect(readFileSync(asideOf(file()), 'utf8')).toBe('{dam')
  })
})

describe('readState', () => {
  test('answers the content', async () => {
    await writeState(file(), { last_contiguous_run: 19500, last_attempted_run: 19550 })
    expect(await readState(file())).toEqual({ last_contiguous_run: 19500, last_attempted_run: 19550 })
  })

  test.each(['missing.json', 'no/such/folder/state.json'])(
    'answers {} for the missing %s without a word',
    async (name) => {
      const logger = recordingLogger()
      expect(await readState(join(dir(), name), { logger })).toEqual({})
      expect(logger.lines).toEqual([])
      expect(visible()).toEqual([])
    },
  )

  const damaged: [string, string | Buffer][] = [
    ['torn JSON', '{"last_contiguous_run": 12'],
    ['nothing at all', ''],
    ['zeros of a lost write', Buffer.alloc(40)],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['an array', '[1, 2]'],
    ['a bare number', '12'],
    ['null', 'null'],
    ['a negative counter', '{"last_attempted_run": -5}'],
    ['a counter as text', '{"last_attempted_run": "5"}'],
    ['a null counter', '{"last_contiguous_run": null}'],
    ['a counter beyond 2^53 - 1', '{"last_contiguous_run": 9007199254740992}'],
  ]

  test.each(damaged)('sets %s aside, answers {} and tells the logger', async (_title, bytes) => {
    writeFileSync(file(), bytes)
    const logger = recordingLogger()
    expect(await readState(file(), { logger }, { now })).toEqual({})
    expect(readFileSync(asideOf(file()))).toEqual(Buffer.from(bytes))
    expect(visible()).toEqual(['importer_state.json.corrupt-20260102T030405.678Z'])
    expect(logger.lines).toEqual([expect.stringMatching(/^error: .*is damaged.*importer_state\.json\.corrupt-/)])
  })

  test.each(damaged)('puts the good backup back in the place of %s', async (_title, bytes) => {
    await writeState(file(), { last_attempted_run: 1 })
    await writeState(file(), { last_attempted_run: 2 })
    writeFileSync(`${file()}.tmp`, bytes)
    await nodeFs.rename(`${file()}.tmp`, file())
    const logger = recordingLogger()
    expect(await readState(file(), { logger }, { now })).toEqual({ last_attempted_run: 1 })
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ last_attempted_run: 1 })
    expect(readFileSync(asideOf(file()))).toEqual(Buffer.from(bytes))
    expect(logger.lines).toHaveLength(1)
    expect(await readState(file(), { logger })).toEqual({ last_attempted_run: 1 })
    expect(logger.lines).toHaveLength(1)
  })

  test('does not use a damaged backup', async () => {
    writeFileSync(file(), '[')
    writeFileSync(`${file()}.bak`, ']')
    expect(await readState(file(), { logger: recordingLogger() })).toEqual({})
  })

  test('finds a free name when that of the moment is taken', async () => {
    for (const bytes of ['[', ']']) {
      writeFileSync(file(), bytes)
      await readState(file(), { logger: recordingLogger() }, { now })
    }
    expect(readFileSync(asideOf(file()), 'utf8')).toBe('[')
    expect(readFileSync(`${asideOf(file())}-2`, 'utf8')).toBe(']')
  })

  test.each(['EACCES', 'EIO'])('answers {} on %s, tells the logger and moves nothing', async (code) => {
    await writeState(file(), { last_attempted_run: 7 })
    const before = visible()
    const logger = recordingLogger()
    expect(await readState(file(), { logger }, { fs: faultyFs('readFile', code) })).toEqual({})
    expect(logger.lines).toEqual([expect.stringContaining(code)])
    expect(visible()).toEqual(before)
    expect(await readState(file())).toEqual({ last_attempted_run: 7 })
  })

  test('answers {} for a folder and leaves it', async () => {
    mkdirSync(file())
    const logger = recordingLogger()
    expect(await readState(file(), { logger })).toEqual({})
    expect(logger.lines).toHaveLength(1)
    expect(visible()).toEqual(['importer_state.json'])
  })

  test('answers and reports when the damaged file cannot be set aside', async () => {
    writeFileSync(file(), '{')
    const logger = recordingLogger()
    const rename = (): Promise<never> => Promise.reject(Object.assign(new Error('EROFS: injected'), { code: 'EROFS' }))
    expect(await readState(file(), { logger }, { fs: { ...nodeFs, rename } })).toEqual({})
    expect(logger.lines).toEqual([expect.stringMatching(/left in place.*EROFS/)])
    expect(readFileSync(file(), 'utf8')).toBe('{')
  })

  test('turns damage into a process warning when there is no logger', async () => {
    writeFileSync(file(), '{')
    const warning = new Promise<Error>((resolve) => process.once('warning', resolve))
    await readState(file())
    expect((await warning).name).toBe('HoldfastStateWarning')
  })
})

describe('updateContiguousRunState', () => {
  test.each<{ from: number; runs: number[]; to: number }>([
    { from: 100, runs: [101, 102, 103], to: 103 },
    { from: 103, runs: [104, 106, 107], to: 104 },
    { from: 104, runs: [107, 108, 109], to: 104 },
    { from: 100, runs: [101, 103, 104], to: 101 },
    { from: 100, runs: [103, 101, 102, 101, 99], to: 103 },
    { from: 100, runs: [], to: 100 },
    { from: 0, runs: [12000, 12001], to: 0 },
    { from: 0, runs: [1, 2], to: 2 },
  ])('moves $from to $to for $runs', async ({ from, runs, to }) => {
    await writeState(file(), { last_contiguous_run: from })
    await updateContiguousRunState(file(), runs)
    expect(await readState(file())).toEqual({ last_contiguous_run: to })
  })

  test('starts from 0 without a file, and writes none when nothing changes', async () => {
    await updateContiguousRunState(file(), [5])
    expect(visible()).toEqual([])
    await updateContiguousRunState(file(), [1])
    expect(await readState(file())).toEqual({ last_contiguous_run: 1 })
  })

  test('keeps the fields of other programs, numbers to the last digit', async () => {
    writeFileSync(
      file(),
      '{"last_contiguous_run": 1, "big": 12345678901234567890, "float": 1.0, "deep": {"x": [null, "ä"]}}',
    )
    await updateContiguousRunState(file(), [2])
    expect(readFileSync(file(), 'utf8')).toBe(
      '{\n  "last_contiguous_run": 2,\n  "big": 12345678901234567890,\n  "float": 1.0,\n  "deep": {\n    "x": [\n      null,\n      "\\u00e4"\n    ]\n  }\n}',
    )
  })

  test.each<[string, unknown, string]>([
    ['-1', -1, 'RangeError'],
    ['1.5', 1.5, 'RangeError'],
    ['NaN', Number.NaN, 'RangeError'],
    ['2^53', 2 ** 53, 'RangeError'],
    ['text', '101', 'TypeError'],
    ['null', null, 'TypeError'],
  ])('refuses %s before touching anything', async (_title, run, name) => {
    await expect(updateContiguousRunState(file(), [1, run as number])).rejects.toMatchObject({ name })
    await expect(updateAttemptedRunState(file(), [1, run as number])).rejects.toMatchObject({ name })
    expect(readdirSync(dir())).toEqual([])
  })

  test('throws rather than start from 0 when the file cannot be read', async () => {
    await writeState(file(), { last_contiguous_run: 100 })
    const deps = { fs: faultyFs('readFile', 'EACCES') }
    await expect(updateContiguousRunState(file(), [101], {}, deps)).rejects.toMatchObject({
      code: 'ERR_STATE_READ',
      path: file(),
      hint: expect.stringContaining('permissions'),
    })
    expect(await readState(file())).toEqual({ last_contiguous_run: 100 })
  })

  test('continues from the backup when the file is damaged', async () => {
    await writeState(file(), { last_contiguous_run: 100, other: true })
    await writeState(file(), { last_contiguous_run: 101 })
    await nodeFs.rm(file())
    writeFileSync(file(), '{')
    await updateContiguousRunState(file(), [101, 102], { logger: recordingLogger() })
    expect(await readState(file())).toEqual({ last_contiguous_run: 102, other: true })
  })

  test('throws a typed error with the fix when the disk is full', async () => {
    await writeState(file(), { last_contiguous_run: 1 })
    const deps = { fs: faultyFs('open', 'ENOSPC') }
    await expect(updateContiguousRunState(file(), [2], {}, deps)).rejects.toMatchObject({
      code: 'ERR_STATE_WRITE',
      path: file(),
      hint: expect.stringContaining('Free space'),
    })
  })
})

describe('updateAttemptedRunState', () => {
  test.each<{ from: number; runs: number[]; to: number }>([
    { from: 100, runs: [101, 105, 103], to: 105 },
    { from: 105, runs: [98, 99, 100], to: 105 },
    { from: 105, runs: [], to: 105 },
  ])('moves $from to $to for $runs', async ({ from, runs, to }) => {
    await writeState(file(), { last_attempted_run: from })
    await updateAttemptedRunState(file(), runs)
    expect(await readState(file())).toEqual({ last_attempted_run: to })
  })
})

describe('getIncrementalStartRun', () => {
  test.each<{ contiguous: number; attempted: number; start: number }>([
    { contiguous: 100, attempted: 150, start: 150 },
    { contiguous: 200, attempted: 150, start: 200 },
    { contiguous: 102, attempted: 107, start: 107 },
  ])('answers $start for $contiguous and $attempted', async ({ contiguous, attempted, start }) => {
    await writeState(file(), { last_contiguous_run: contiguous, last_attempted_run: attempted })
    expect(await getIncrementalStartRun(file())).toBe(start)
  })

  test('answers 0 without a file', async () => {
    expect(await getIncrementalStartRun('/nonexistent.json')).toBe(0)
  })

  test('throws when the file cannot be read', async () => {
    await writeState(file(), { last_attempted_run: 100 })
    await expect(getIncrementalStartRun(file(), {}, { fs: faultyFs('readFile', 'EIO') })).rejects.toMatchObject({
      code: 'ERR_STATE_READ',
    })
  })
})
