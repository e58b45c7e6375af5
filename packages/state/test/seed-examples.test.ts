/**
 * The state half of the description of the Python package, section by section: each example, listed behaviour and best practice under its own
 * name. Where the answer is deliberately another one, the name says so.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import {
  appendToFailureLog,
  getIncrementalStartRun,
  parseRunRecordsFromFile,
  RunProgress,
  readState,
  recoverRunState,
  updateAttemptedRunState,
  updateContiguousRunState,
  writeFailureLog,
  writeState,
} from '../src/index.js'
import { recordingLogger } from './support/recording-logger.js'

const dir = useTempDir()
const stateFile = (): string => join(dir(), 'import_state.json')
const failureLog = (): string => join(dir(), 'import_failure_log')
const logText = (): string => readFileSync(failureLog(), 'utf8')

async function given(contiguous: number, attempted?: number): Promise<void> {
  const counters = attempted === undefined ? {} : { last_attempted_run: attempted }
  expect(await writeState(stateFile(), { last_contiguous_run: contiguous, ...counters })).toBe(true)
}

describe('Module: state.py tracks', () => {
  test('the last contiguous and the last attempted run in a JSON file, failed runs in a file of their own', async () => {
    await given(102, 105)
    await appendToFailureLog(failureLog(), [103])
    expect(JSON.parse(readFileSync(stateFile(), 'utf8'))).toEqual({ last_contiguous_run: 102, last_attempted_run: 105 })
    expect(logText()).toBe('103\n')
  })
})

describe('read_state', () => {
  test('example: prints both counters', async () => {
    writeFileSync(stateFile(), '{"last_contiguous_run": 19500, "last_attempted_run": 19550}')
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 19500, last_attempted_run: 19550 })
  })

  test("an empty object if the file doesn't exist", async () => {
    expect(await readState(stateFile())).toEqual({})
  })

  test('an empty object if the file is corrupted; differs: its bytes are kept beside it and the logger is told', async () => {
    writeFileSync(stateFile(), '{corrupted data...')
    const logger = recordingLogger()
    expect(await readState(stateFile(), { logger })).toEqual({})
    const kept = /'([^']*\.corrupt-[^']*)'/.exec(logger.lines.join('\n'))?.[1] ?? ''
    expect(readFileSync(kept, 'utf8')).toBe('{corrupted data...')
  })
})

describe('write_state', () => {
  test('example: success, with a field of its own beside the counters', async () => {
    const state = { last_contiguous_run: 19500, last_attempted_run: 19550, timestamp: '2025-10-24T10:30:00' }
    expect(await writeState(stateFile(), state)).toBe(true)
    expect(await readState(stateFile())).toEqual(state)
  })

  test('creates parent folders if needed', async () => {
    const path = join(dir(), 'var', 'run_record_archiver', 'import_state.json')
    expect(await writeState(path, { last_contiguous_run: 1 })).toBe(true)
    expect(await readState(path)).toEqual({ last_contiguous_run: 1 })
  })

  test('false if the write failed', async () => {
    writeFileSync(join(dir(), 'file'), '')
    const logger = recordingLogger()
    expect(await writeState(join(dir(), 'file', 'state.json'), {}, { logger })).toBe(false)
    expect(logger.lines).toHaveLength(1)
  })
})

describe('update_contiguous_run_state', () => {
  const after = async (from: number, runs: number[]): Promise<unknown> => {
    await given(from)
    await updateContiguousRunState(stateFile(), runs)
    return (await readState(stateFile()))['last_contiguous_run']
  }

  test('example: 100 and [101, 102, 103] give 103', async () => {
    expect(await after(100, [101, 102, 103])).toBe(103)
  })

  test('example: stops at gap before 106', async () => {
    expect(await after(103, [104, 106, 107])).toBe(104)
  })

  test('example: no change, gap at 105-106', async () => {
    expect(await after(104, [107, 108, 109])).toBe(104)
  })

  test("the order of the runs doesn't matter", async () => {
    expect(await after(100, [103, 101, 102])).toBe(103)
  })

  test('leaves no gap when a run failed', async () => {
    expect(await after(100, [101, 102, 104, 105])).toBe(102)
  })
})

describe('update_attempted_run_state', () => {
  const after = async (from: number, runs: number[]): Promise<unknown> => {
    await writeState(stateFile(), { last_attempted_run: from })
    await updateAttemptedRunState(stateFile(), runs)
    return (await readState(stateFile()))['last_attempted_run']
  }

  test('example: 100 and [101, 105, 103] give 105, the maximum', async () => {
    expect(await after(100, [101, 105, 103])).toBe(105)
  })

  test("example: no change, doesn't decrease", async () => {
    expect(await after(105, [98, 99, 100])).toBe(105)
  })

  test('example: no change, empty list', async () => {
    expect(await after(105, [])).toBe(105)
  })

  test('leaves the contiguous run alone: progress regardless of success', async () => {
    await given(100, 100)
    await updateAttemptedRunState(stateFile(), [101, 102])
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 100, last_attempted_run: 102 })
  })
})

describe('get_incremental_start_run', () => {
  test('example: contiguous 100, attempted 150: 150', async () => {
    await given(100, 150)
    expect(await getIncrementalStartRun(stateFile())).toBe(150)
  })

  test('example: contiguous 200, attempted 150: 200', async () => {
    await given(200, 150)
    expect(await getIncrementalStartRun(stateFile())).toBe(200)
  })

  test('example: no state file: 0', async () => {
    expect(await getIncrementalStartRun(join(dir(), 'nonexistent.json'))).toBe(0)
  })
})

describe('parse_run_records_from_file', () => {
  test('example: invalid and blank lines are ignored', async () => {
    writeFileSync(join(dir(), 'runs.txt'), '100\n200\ninvalid\n300\n\n')
    expect(await parseRunRecordsFromFile(join(dir(), 'runs.txt'), { logger: recordingLogger() })).toEqual([
      100, 200, 300,
    ])
  })
})

describe('append_to_failure_log', () => {
  test('example: 105, then 106 and 107', async () => {
    writeFileSync(failureLog(), '105\n')
    await appendToFailureLog(failureLog(), [106, 107])
    expect(logText()).toBe('105\n106\n107\n')
  })

  test("creates the file if it doesn't exist", async () => {
    await appendToFailureLog(failureLog(), [106])
    expect(logText()).toBe('106\n')
  })
})

describe('write_failure_log', () => {
  test('example: replaces the content during recovery', async () => {
    writeFileSync(failureLog(), '1\n2\n3\n')
    await writeFailureLog(failureLog(), [105, 110, 115])
    expect(logText()).toBe('105\n110\n115\n')
  })
})

describe('State Tracking Strategy', () => {
  test('1. contiguous: 100-105 succeed, 106 fails, 107-110 succeed: stays at 105, so that 106 is not lost', async () => {
    await given(99)
    await updateContiguousRunState(stateFile(), [100, 101, 102, 103, 104, 105])
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 105 })
    await updateContiguousRunState(stateFile(), [107, 108, 109, 110])
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 105 })
    expect(await getIncrementalStartRun(stateFile())).toBe(105)
  })

  test('2. attempted: 100-110 with failures at 103 and 106: 110, and the log has [103, 106] for a retry', async () => {
    await given(99, 99)
    await updateAttemptedRunState(
      stateFile(),
      Array.from({ length: 11 }, (_, index) => 100 + index),
    )
    await appendToFailureLog(failureLog(), [103, 106])
    expect(await getIncrementalStartRun(stateFile())).toBe(110)
    expect(await parseRunRecordsFromFile(failureLog())).toEqual([103, 106])
  })

  test('3. combined: incremental mode starts from 110, the failed run 106 stays in the log', async () => {
    await given(99, 99)
    const attempted = Array.from({ length: 11 }, (_, index) => 100 + index)
    await updateContiguousRunState(
      stateFile(),
      attempted.filter((run) => run !== 106),
    )
    await updateAttemptedRunState(stateFile(), attempted)
    await appendToFailureLog(failureLog(), [106])
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 105, last_attempted_run: 110 })
    expect(await getIncrementalStartRun(stateFile())).toBe(110)
    expect(logText()).toBe('106\n')
  })

  test('differs with RunProgress: the three in one, each run recorded as it ends, the failure before any counter', async () => {
    await given(99, 99)
    await using progress = await RunProgress.open({ stateFile: stateFile(), failureLog: failureLog() })
    const batch = await progress.startBatch({ runs: [100, 101, 102], destination: [] })
    for (const run of batch.runs) batch.started(run)
    await batch.succeeded(100)
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 100, last_attempted_run: 100 })
    await batch.failed(101)
    expect(logText()).toBe('101\n')
    await batch.succeeded(102)
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 100, last_attempted_run: 102 })
    expect(progress.incrementalStartRun).toBe(102)
  })
})

describe('Complete Usage Example', () => {
  test('a batch with one failure, the next start, the retry', async () => {
    await given(100, 100)
    const { last_contiguous_run: contiguous = 0, last_attempted_run: attempted = 0 } = await readState(stateFile())
    expect([contiguous, attempted]).toEqual([100, 100])
    await updateContiguousRunState(stateFile(), [101, 102, 104, 105])
    await updateAttemptedRunState(stateFile(), [101, 102, 103, 104, 105])
    await appendToFailureLog(failureLog(), [103])
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 102, last_attempted_run: 105 })
    expect(await getIncrementalStartRun(stateFile())).toBe(105)
    const toRetry = await parseRunRecordsFromFile(failureLog())
    expect(toRetry).toEqual([103])
    await writeFailureLog(
      failureLog(),
      toRetry.filter((run) => run !== 103),
    )
    expect(logText()).toBe('')
  })

  test('with defaults of 0 where there is no state file yet', async () => {
    const { last_contiguous_run: contiguous = 0, last_attempted_run: attempted = 0 } = await readState(stateFile())
    expect([contiguous, attempted]).toEqual([0, 0])
  })
})

describe('Testing Considerations, State Module Tests', () => {
  test('test example: test_contiguous_run_with_gap', async () => {
    await writeState(stateFile(), { last_contiguous_run: 100 })
    await updateContiguousRunState(stateFile(), [101, 103, 104])
    expect((await readState(stateFile()))['last_contiguous_run']).toBe(101)
  })

  test('non-existent files: no failures, start from 0, nothing is made by reading', async () => {
    expect(await parseRunRecordsFromFile(failureLog())).toEqual([])
    expect(await getIncrementalStartRun(stateFile())).toBe(0)
    expect(existsSync(stateFile()) || existsSync(failureLog())).toBe(false)
  })

  test.each<{ contiguous: number; attempted: number; start: number }>([
    { contiguous: 0, attempted: 0, start: 0 },
    { contiguous: 5, attempted: 5, start: 5 },
    { contiguous: 0, attempted: 7, start: 7 },
    { contiguous: 7, attempted: 0, start: 7 },
  ])('incremental start run for various states: $contiguous and $attempted give $start', async (row) => {
    await given(row.contiguous, row.attempted)
    expect(await getIncrementalStartRun(stateFile())).toBe(row.start)
  })

  test('a combined workflow: two batches, a failure in each, a retry that closes both gaps', async () => {
    await given(0, 0)
    const batch = async (succeeded: number[], failed: number[]): Promise<void> => {
      await updateContiguousRunState(stateFile(), succeeded)
      await updateAttemptedRunState(stateFile(), [...succeeded, ...failed])
      await appendToFailureLog(failureLog(), failed)
    }
    await batch([1, 2, 4], [3])
    await batch([5, 7], [6])
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 2, last_attempted_run: 7 })
    expect(logText()).toBe('3\n6\n')
    await updateContiguousRunState(stateFile(), [1, 2, 3, 4, 5, 6, 7])
    await writeFailureLog(failureLog(), [])
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 7, last_attempted_run: 7 })
  })

  test('recovery operations update the state, also downwards', async () => {
    await given(900, 950)
    await writeFailureLog(failureLog(), [1])
    const files = { stateFile: stateFile(), failureLog: failureLog() }
    await using progress = await RunProgress.open({ ...files, recovering: true })
    const { missing, ...counters } = recoverRunState({
      source: [100, 101, 102, 103, 104, 105],
      destination: [100, 101, 103, 104],
    })
    await progress.replace({ ...counters, failures: missing })
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 101, last_attempted_run: 104 })
    expect(logText()).toBe('102\n')
  })
})

describe('Best Practices', () => {
  test('2. both values are updated, each by its own call, without losing the other', async () => {
    await given(100, 100)
    await Promise.all([
      updateContiguousRunState(stateFile(), [101, 102]),
      updateAttemptedRunState(stateFile(), [101, 102, 103]),
    ])
    expect(await readState(stateFile())).toEqual({ last_contiguous_run: 102, last_attempted_run: 103 })
  })

  test('3. corruption is handled: {} and no exception, whatever the bytes are', async () => {
    for (const bytes of ['', '{', '[]', 'null', '\0\0\0', '{"last_contiguous_run": "x"}', '\xff']) {
      writeFileSync(stateFile(), bytes, 'latin1')
      expect(await readState(stateFile(), { logger: recordingLogger() })).toEqual({})
    }
  })

  test('3. differs with RunProgress: damage that no backup mends is an error, since starting from 0 repeats all', async () => {
    writeFileSync(stateFile(), '{corrupted data...')
    await expect(
      RunProgress.open({ stateFile: stateFile(), failureLog: failureLog(), logger: recordingLogger() }),
    ).rejects.toMatchObject({ code: 'ERR_STATE_CORRUPT', path: stateFile() })
  })

  test('4. sorting before the update is not needed: the result is the same', async () => {
    for (const runs of [
      [101, 102, 103, 105],
      [105, 103, 102, 101],
    ]) {
      await given(100)
      await updateContiguousRunState(stateFile(), runs)
      expect(await readState(stateFile())).toEqual({ last_contiguous_run: 103 })
    }
  })

  test('5. both functions log updates at INFO level', async () => {
    const logger = recordingLogger()
    await updateContiguousRunState(stateFile(), [1], { logger })
    await updateAttemptedRunState(stateFile(), [3], { logger })
    expect(logger.lines).toEqual([
      expect.stringMatching(/^info: .*import_state\.json.*1/),
      expect.stringMatching(/^info: .*import_state\.json.*3/),
    ])
  })

  test('7. append for normal operation keeps what is there, write for recovery replaces it', async () => {
    await writeFailureLog(failureLog(), [5])
    await appendToFailureLog(failureLog(), [9, 7, 7])
    expect(logText()).toBe('5\n7\n9\n')
    await writeFailureLog(failureLog(), [8])
    expect(logText()).toBe('8\n')
  })
})

describe('Configuration', () => {
  test('the paths of the example may lie in folders that do not exist yet', async () => {
    const root = join(dir(), 'var', 'run_record_archiver')
    await updateAttemptedRunState(join(root, 'import_state.json'), [1])
    await appendToFailureLog(join(root, 'import_failure_log'), [1])
    await updateAttemptedRunState(join(root, 'migrate_state.json'), [1])
    await appendToFailureLog(join(root, 'migrate_failure_log'), [1])
    expect(await getIncrementalStartRun(join(root, 'migrate_state.json'))).toBe(1)
    expect(await parseRunRecordsFromFile(join(root, 'migrate_failure_log'))).toEqual([1])
  })
})

describe('the state guide, Last Contiguous Run and Failure Log Structure', () => {
  test('characteristics of the log: one integer a line, sorted, no duplicates, empty if no failures', async () => {
    await appendToFailureLog(failureLog(), [12352, 12345, 12349])
    await appendToFailureLog(failureLog(), [12347, 12349])
    expect(logText()).toBe('12345\n12347\n12349\n12352\n')
    await writeFailureLog(failureLog(), [])
    expect(logText()).toBe('')
  })

  test('the initial state may also be written out as zeros', async () => {
    mkdirSync(join(dir(), 'work'))
    const path = join(dir(), 'work', 'importer_state.json')
    writeFileSync(path, '{\n  "last_contiguous_run": 0,\n  "last_attempted_run": 0\n}\n')
    expect(await getIncrementalStartRun(path)).toBe(0)
    await updateContiguousRunState(path, [1])
    expect(await readState(path)).toEqual({ last_contiguous_run: 1, last_attempted_run: 0 })
  })
})
