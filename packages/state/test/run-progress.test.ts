import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import {
  incrementalCandidates,
  parseRunRecordsFromFile,
  type RunBatch,
  RunProgress,
  type RunProgressOptions,
  readState,
  updateAttemptedRunState,
} from '../src/index.js'
import { recordingLogger } from './support/recording-logger.js'

const dir = useTempDir()
const paths = (): { stateFile: string; failureLog: string } => ({
  stateFile: join(dir(), 'importer_state.json'),
  failureLog: join(dir(), 'import_failures.log'),
})
const open = (options: Partial<RunProgressOptions> = {}): Promise<RunProgress> =>
  RunProgress.open({ ...paths(), ...options })
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

async function lay(contiguous: number, attempted: number, failures: readonly number[] = []): Promise<void> {
  writeFileSync(
    paths().stateFile,
    JSON.stringify({ last_contiguous_run: contiguous, last_attempted_run: attempted, site: 'ICARUS' }),
  )
  writeFileSync(paths().failureLog, failures.map((run) => `${run}\n`).join(''))
}

async function onDisk(): Promise<{ contiguous: unknown; attempted: unknown; failures: number[] }> {
  const state = await readState(paths().stateFile)
  return {
    contiguous: state.last_contiguous_run,
    attempted: state.last_attempted_run,
    failures: await parseRunRecordsFromFile(paths().failureLog),
  }
}

async function finish(batch: RunBatch, failed: readonly number[] = []): Promise<void> {
  for (const run of batch.runs) await (failed.includes(run) ? batch.failed(run) : batch.succeeded(run))
}

describe('a batch', () => {
  test('leaves what the guide says: gap, attempted run and failure', async () => {
    await lay(100, 100)
    await using progress = await open()
    await finish(await progress.startBatch({ runs: range(101, 105), destination: range(90, 100) }), [103])
    expect(await onDisk()).toEqual({ contiguous: 102, attempted: 105, failures: [103] })
    expect(progress.incrementalStartRun).toBe(105)
    expect((await readState(paths().stateFile)).site).toBe('ICARUS')
  })

  test('counts covered runs that the destination holds as finished, but not beyond one that is still waiting', async () => {
    await lay(100, 100)
    await using progress = await open()
    const batch = await progress.startBatch({ runs: range(101, 105), destination: [101, 102, 104, 105] })
    expect(await onDisk()).toEqual({ contiguous: 102, attempted: 102, failures: [] })
    await batch.failed(103)
    expect(await onDisk()).toEqual({ contiguous: 102, attempted: 105, failures: [103] })
  })

  test('never passes a run in flight, and passes it when it ends', async () => {
    await lay(100, 100)
    await using progress = await open()
    const batch = await progress.startBatch({ runs: range(101, 105), destination: [] })
    for (const run of range(101, 104)) batch.started(run)
    await batch.succeeded(102)
    await batch.failed(103)
    expect(await onDisk()).toEqual({ contiguous: 100, attempted: 100, failures: [103] })
    expect(batch.inFlight).toEqual([101, 104])
    await batch.succeeded(101)
    expect(await onDisk()).toEqual({ contiguous: 102, attempted: 103, failures: [103] })
    await batch.succeeded(104)
    expect(await onDisk()).toEqual({ contiguous: 102, attempted: 104, failures: [103] })
  })

  test('starts the sequence of a new deployment at its lowest run', async () => {
    await using progress = await open()
    await finish(await progress.startBatch({ runs: range(12000, 12004), destination: [] }))
    expect(await onDisk()).toEqual({ contiguous: 12004, attempted: 12004, failures: [] })
  })

  test('leaves the sequence at 0 while the lowest run is failed, and starts it when the retry succeeds', async () => {
    await using progress = await open()
    await finish(await progress.startBatch({ runs: range(12000, 12002), destination: [] }), [12000])
    expect(await onDisk()).toEqual({ contiguous: 0, attempted: 12002, failures: [12000] })
    await finish(await progress.startBatch({ runs: range(12003, 12004), destination: [12001, 12002] }))
    expect(await onDisk()).toEqual({ contiguous: 0, attempted: 12004, failures: [12000] })
    await finish(await progress.startBatch({ runs: progress.failures, destination: range(12001, 12004) }))
    expect(await onDisk()).toEqual({ contiguous: 12004, attempted: 12004, failures: [] })
  })

  test('starts the sequence below the batch when the destination holds lower runs', async () => {
    await using progress = await open()
    await finish(await progress.startBatch({ runs: [103], destination: range(100, 102) }))
    expect(await onDisk()).toEqual({ contiguous: 103, attempted: 103, failures: [] })
  })

  test('of retries closes the gap over everything the destination holds', async () => {
    await lay(12100, 12150, [12101, 12103, 12107])
    await using progress = await open()
    const destination = range(12000, 12150).filter((run) => !progress.failures.includes(run))
    await finish(await progress.startBatch({ runs: progress.failures, destination }))
    expect(await onDisk()).toEqual({ contiguous: 12150, attempted: 12150, failures: [] })
  })

  test('of retries stops at the one that fails again', async () => {
    await lay(12100, 12150, [12101, 12103, 12107])
    await using progress = await open()
    const destination = range(12000, 12150).filter((run) => !progress.failures.includes(run))
    await finish(await progress.startBatch({ runs: progress.failures, destination }), [12103])
    expect(await onDisk()).toEqual({ contiguous: 12102, attempted: 12150, failures: [12103] })
  })

  test('of retries never carries the attempted run past runs that a kill left unfinished', async () => {
    await lay(100, 100, [103])
    const available = range(99, 104)
    await using progress = await open()
    await finish(await progress.startBatch({ runs: progress.failures, destination: [99, 100] }))
    expect(await onDisk()).toEqual({ contiguous: 100, attempted: 100, failures: [] })
    const { failures, incrementalStartRun: startRun } = progress
    expect(incrementalCandidates({ available, destination: [99, 100, 103], failures, startRun })).toEqual([
      101, 102, 104,
    ])
  })

  test('of retries never starts the sequence above runs that a kill left unfinished', async () => {
    writeFileSync(paths().failureLog, '12001\n')
    await using progress = await open()
    await finish(await progress.startBatch({ runs: [12001], destination: [] }))
    expect(progress.incrementalStartRun).toBe(0)
  })

  test('without runs advances over the destination', async () => {
    await lay(100, 110)
    await using progress = await open()
    await progress.startBatch({ runs: [], destination: range(90, 104) })
    expect(await onDisk()).toEqual({ contiguous: 104, attempted: 110, failures: [] })
  })

  test('does not count a failed run as held although the destination has it', async () => {
    await lay(100, 105, [103])
    await using progress = await open()
    await progress.startBatch({ runs: [], destination: range(90, 105) })
    expect(await onDisk()).toEqual({ contiguous: 102, attempted: 105, failures: [103] })
    await progress.dropFailures([103, 999])
    await progress.startBatch({ runs: [], destination: range(90, 105) })
    expect(await onDisk()).toEqual({ contiguous: 105, attempted: 105, failures: [] })
  })

  test('of late runs below the counters lowers neither', async () => {
    await lay(100, 110)
    await using progress = await open()
    await finish(await progress.startBatch({ runs: [50, 60], destination: range(90, 100) }), [50])
    expect(await onDisk()).toEqual({ contiguous: 100, attempted: 110, failures: [50] })
  })

  test('commits what happens at the same time together', async () => {
    await lay(100, 100)
    const renamed: string[] = []
    const rename = (from: string, to: string): Promise<void> => {
      if (!to.endsWith('.bak')) renamed.push(to)
      return nodeFs.rename(from, to)
    }
    await using progress = await RunProgress.open(paths(), { fs: { ...nodeFs, rename } as typeof nodeFs })
    const batch = await progress.startBatch({ runs: range(101, 200), destination: [] })
    await Promise.all(batch.runs.map((run) => (run % 10 === 0 ? batch.failed(run) : batch.succeeded(run))))
    expect(await onDisk()).toEqual({ contiguous: 109, attempted: 200, failures: range(11, 20).map((ten) => ten * 10) })
    expect(renamed).toEqual([paths().failureLog, paths().stateFile])
  })

  test('writes nothing when nothing changes', async () => {
    await using progress = await open()
    const batch = await progress.startBatch({ runs: [5, 6], destination: [] })
    await batch.succeeded(6)
    expect(readdirSync(dir()).filter((name) => !name.endsWith('.lock'))).toEqual([])
    await batch.succeeded(5)
    expect(readdirSync(dir()).filter((name) => !name.endsWith('.lock'))).toEqual(['importer_state.json'])
  })

  test('refuses runs that are not its own and outcomes that contradict', async () => {
    await using progress = await open()
    const batch = await progress.startBatch({ runs: [5, 6], destination: [] })
    await expect(batch.failed(7)).rejects.toThrow(RangeError)
    expect(() => batch.started(7)).toThrow(RangeError)
    await batch.failed(5)
    await batch.failed(5)
    await expect(batch.succeeded(5)).rejects.toThrow('Run 5 has failed already')
    expect(() => batch.started(5)).toThrow('Run 5 has failed already')
    await expect(progress.startBatch({ runs: [-1], destination: [] })).rejects.toThrow(RangeError)
    await expect(progress.startBatch({ runs: [], destination: [1.5] })).rejects.toThrow(RangeError)
    expect(await onDisk()).toMatchObject({ failures: [5] })
  })

  test('that has ended changes nothing any more', async () => {
    await using progress = await open()
    const batch = await progress.startBatch({ runs: [5], destination: [] })
    await progress.startBatch({ runs: [5], destination: [] })
    await expect(batch.failed(5)).rejects.toThrow('has ended')
    await progress.dropFailures([])
    expect(progress.failures).toEqual([])
  })
})

describe('open', () => {
  test('counts missing files as empty and writes none', async () => {
    await using progress = await open()
    expect([progress.lastContiguousRun, progress.lastAttemptedRun, progress.failures]).toEqual([0, 0, []])
    expect(readdirSync(dir()).sort()).toEqual(['import_failures.log.lock', 'importer_state.json.lock'])
  })

  test('keeps every other process out until it is closed', async () => {
    const progress = await open()
    await expect(open({ lockTimeoutMs: 0 })).rejects.toMatchObject({ code: 'ERR_LOCK_EXISTS' })
    await expect(updateAttemptedRunState(paths().stateFile, [1], { lockTimeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    })
    await progress.close()
    await progress.close()
    await expect(progress.startBatch({ runs: [], destination: [] })).rejects.toThrow('is closed')
    await (await open({ lockTimeoutMs: 0 })).close()
  })

  test('frees the first lock when it cannot have the second', async () => {
    const other = await RunProgress.open({ stateFile: join(dir(), 'other.json'), failureLog: paths().failureLog })
    await expect(open({ lockTimeoutMs: 0 })).rejects.toMatchObject({ code: 'ERR_LOCK_EXISTS' })
    await updateAttemptedRunState(paths().stateFile, [1], { lockTimeoutMs: 0 })
    await other.close()
  })

  test('refuses one path for both files', async () => {
    const path = join(dir(), 'x')
    await expect(RunProgress.open({ stateFile: path, failureLog: `${dir()}/./x` })).rejects.toThrow(RangeError)
  })

  test('uses the good backup of a damaged state file and says so', async () => {
    await using progress = await open()
    const batch = await progress.startBatch({ runs: [1, 2], destination: [] })
    await finish(batch)
    await progress.close()
    writeFileSync(paths().stateFile, '{')
    const logger = recordingLogger()
    await using again = await open({ logger })
    expect([again.lastContiguousRun, again.lastAttemptedRun]).toEqual([1, 1])
    expect(again.damage).toMatchObject([{ path: paths().stateFile, usedBackup: true }])
    expect(readFileSync(again.damage[0]?.bytesPath ?? '', 'utf8')).toBe('{')
    expect(logger.lines).toHaveLength(1)
    await again.startBatch({ runs: [], destination: [1, 2] })
    expect(await onDisk()).toMatchObject({ contiguous: 2 })
  })

  test('throws for a damaged state file without backup, every time, and leaves it', async () => {
    writeFileSync(paths().stateFile, '{')
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(open({ recoverHint: 'archiver --recover-import-state' })).rejects.toMatchObject({
        code: 'ERR_STATE_CORRUPT',
        path: paths().stateFile,
        bytesPath: paths().stateFile,
        hint: 'archiver --recover-import-state',
      })
    }
    expect(readFileSync(paths().stateFile, 'utf8')).toBe('{')
  })

  test('throws when readState has set the damaged file aside and nothing took its place', async () => {
    writeFileSync(paths().stateFile, '{')
    await readState(paths().stateFile, { logger: recordingLogger() })
    await expect(open()).rejects.toMatchObject({
      code: 'ERR_STATE_CORRUPT',
      bytesPath: expect.stringContaining('importer_state.json.corrupt-'),
    })
  })

  test('throws for a damaged failure log even with a backup, which may lack the last failure', async () => {
    await lay(100, 110, [])
    writeFileSync(`${paths().failureLog}.bak`, '105\n')
    writeFileSync(paths().failureLog, Buffer.alloc(8))
    await expect(open()).rejects.toMatchObject({ code: 'ERR_STATE_CORRUPT', path: paths().failureLog })
  })

  test('ignores foreign lines of the failure log but keeps them when it is rewritten', async () => {
    await lay(100, 110)
    writeFileSync(paths().failureLog, '105\nabc\n')
    const logger = recordingLogger()
    await using progress = await open({ logger })
    expect(progress.failures).toEqual([105])
    await progress.dropFailures([105])
    const [aside = ''] = readdirSync(dir()).filter((name) => name.includes('.log.corrupt-'))
    expect(readFileSync(join(dir(), aside), 'utf8')).toBe('105\nabc\n')
    expect(logger.lines).toHaveLength(2)
  })

  test.each(['EACCES', 'EIO'])('throws a typed error on %s and takes it neither for damage nor for 0', async (code) => {
    await lay(100, 110, [105])
    const readFile = (): Promise<never> => Promise.reject(Object.assign(new Error(`${code}: injected`), { code }))
    const deps = { fs: { ...nodeFs, readFile } as typeof nodeFs }
    for (const readOnly of [false, true]) {
      await expect(RunProgress.open({ ...paths(), readOnly }, deps)).rejects.toMatchObject({
        code: 'ERR_STATE_READ',
        path: paths().stateFile,
        cause: { code },
      })
    }
    expect(await onDisk()).toEqual({ contiguous: 100, attempted: 110, failures: [105] })
    expect(readdirSync(dir()).filter((name) => name.includes('.corrupt-'))).toEqual([])
  })

  test('warns when a file is missing but its backup is not', async () => {
    writeFileSync(`${paths().stateFile}.bak`, '{}')
    const logger = recordingLogger()
    await (await open({ logger })).close()
    expect(logger.lines).toEqual([expect.stringContaining('is missing')])
  })

  test('refuses to write when its lock file was taken away', async () => {
    const progress = await open()
    const batch = await progress.startBatch({ runs: [5], destination: [] })
    await nodeFs.unlink(`${paths().stateFile}.lock`)
    await expect(batch.failed(5)).rejects.toMatchObject({
      code: 'ERR_STATE_WRITE',
      message: expect.stringContaining('lock file'),
    })
    await expect(progress.close()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' })
  })
})

describe('open({ readOnly: true })', () => {
  test('works beside a writer, changes nothing and refuses changes', async () => {
    await using writer = await open()
    await finish(await writer.startBatch({ runs: [1, 2, 3], destination: [] }), [2])
    const before = readdirSync(dir())
    await using reader = await open({ readOnly: true })
    expect([reader.lastContiguousRun, reader.lastAttemptedRun, reader.failures]).toEqual([1, 3, [2]])
    await expect(reader.startBatch({ runs: [], destination: [] })).rejects.toThrow('read-only')
    await expect(reader.dropFailures([2])).rejects.toThrow('read-only')
    await expect(reader.replace({ lastContiguousRun: 0, lastAttemptedRun: 0, failures: [] })).rejects.toThrow(
      'read-only',
    )
    expect(readdirSync(dir())).toEqual(before)
  })

  test('reports damage and leaves it', async () => {
    writeFileSync(paths().stateFile, '{')
    writeFileSync(`${paths().stateFile}.bak`, '{"last_attempted_run": 9}')
    writeFileSync(paths().failureLog, Buffer.from('7\n\xff', 'latin1'))
    const before = readdirSync(dir())
    const logger = recordingLogger()
    await using reader = await open({ readOnly: true, logger })
    expect([reader.lastAttemptedRun, reader.failures]).toEqual([9, [7]])
    expect(reader.damage).toMatchObject([
      { path: paths().stateFile, bytesPath: paths().stateFile, usedBackup: true },
      { path: paths().failureLog, usedBackup: false },
    ])
    expect(logger.lines).toHaveLength(2)
    expect(readdirSync(dir())).toEqual(before)
  })
})

describe('replace', () => {
  test('sets counters and failures, down as well, and keeps what was there', async () => {
    await lay(100, 150, [120])
    await using progress = await open()
    await progress.replace({ lastContiguousRun: 90, lastAttemptedRun: 140, failures: [130, 91] })
    expect(await onDisk()).toEqual({ contiguous: 90, attempted: 140, failures: [91, 130] })
    expect((await readState(paths().stateFile)).site).toBe('ICARUS')
    expect(JSON.parse(readFileSync(`${paths().stateFile}.before-recovery`, 'utf8'))).toMatchObject({
      last_attempted_run: 150,
    })
    expect(readFileSync(`${paths().failureLog}.before-recovery`, 'utf8')).toBe('120\n')
    await finish(await progress.startBatch({ runs: [141], destination: [] }))
    expect(await onDisk()).toEqual({ contiguous: 90, attempted: 141, failures: [91, 130] })
  })

  test('leaves no backup whose counters could come back', async () => {
    await lay(100, 150)
    await using progress = await open()
    await finish(await progress.startBatch({ runs: [151], destination: [] }))
    await progress.replace({ lastContiguousRun: 1, lastAttemptedRun: 1, failures: [] })
    expect(readdirSync(dir())).not.toContain('importer_state.json.bak')
  })

  test('writes both files also when the values are those of an empty state', async () => {
    await using progress = await open()
    await progress.replace({ lastContiguousRun: 0, lastAttemptedRun: 0, failures: [] })
    expect(await onDisk()).toEqual({ contiguous: 0, attempted: 0, failures: [] })
    expect(readFileSync(paths().failureLog, 'utf8')).toBe('')
  })

  test('settles damage that stops everything else', async () => {
    writeFileSync(paths().stateFile, '{')
    writeFileSync(paths().failureLog, Buffer.from('7\n\xff', 'latin1'))
    await using progress = await open({ recovering: true, logger: recordingLogger() })
    expect(progress.damage).toHaveLength(2)
    await expect(progress.startBatch({ runs: [], destination: [] })).rejects.toMatchObject({
      code: 'ERR_STATE_CORRUPT',
    })
    await expect(progress.dropFailures([7])).rejects.toMatchObject({ code: 'ERR_STATE_CORRUPT' })
    await progress.replace({ lastContiguousRun: 5, lastAttemptedRun: 9, failures: [6] })
    await finish(await progress.startBatch({ runs: [10], destination: [] }))
    expect(await onDisk()).toEqual({ contiguous: 5, attempted: 10, failures: [6] })
    const kept = readdirSync(dir()).filter((name) => name.includes('.corrupt-'))
    expect(kept.map((name) => readFileSync(join(dir(), name), 'latin1')).sort()).toEqual(['7\n\xff', '{'])
    await progress.close()
    await (await open()).close()
  })

  test.each([-1, 1.5, Number.NaN])('refuses the counter %s', async (bad) => {
    await using progress = await open()
    await expect(progress.replace({ lastContiguousRun: bad, lastAttemptedRun: 1, failures: [] })).rejects.toThrow(
      RangeError,
    )
    await expect(progress.replace({ lastContiguousRun: 1, lastAttemptedRun: bad, failures: [] })).rejects.toThrow(
      RangeError,
    )
  })
})

test('a state file that is a pipe is refused instead of waited for', async () => {
  execFileSync('mkfifo', [paths().stateFile])
  await expect(open()).rejects.toMatchObject({
    code: 'ERR_STATE_READ',
    message: expect.stringContaining('not a regular file'),
  })
})
