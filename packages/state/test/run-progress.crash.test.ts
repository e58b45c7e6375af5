/**
 * A child is killed with SIGKILL before every single one of its file operations. After each kill:
 * - both files can be read, and a failed run that `last_attempted_run` has passed is in the log;
 * - every run at or below `last_attempted_run` is in the destination or in the log;
 * - nothing the child had acknowledged is lost;
 * - the next open leaves no temporary file, and going on leads to the same end as without the kill.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crashSweep, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { incrementalCandidates, RunProgress } from '../src/index.js'
import { recordingLogger } from './support/recording-logger.js'

const dir = useTempDir()
const SWEEP_TIMEOUT_MS = 180_000

const work = (): string => join(dir(), 'work')
const stateFile = (): string => join(work(), 'state.json')
const failureLog = (): string => join(work(), 'failures.log')
const lines = (path: string): number[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number) : []
const fixture = (name: string): URL => new URL(`fixtures/${name}`, import.meta.url)

interface Counters {
  readonly last_contiguous_run: number
  readonly last_attempted_run: number
}

function prepare(contiguous: number, attempted: number, failures: readonly number[]): void {
  rmSync(work(), { recursive: true, force: true })
  mkdirSync(work())
  writeFileSync(stateFile(), JSON.stringify({ last_contiguous_run: contiguous, last_attempted_run: attempted }))
  writeFileSync(failureLog(), failures.map((run) => `${run}\n`).join(''))
}

const counters = (): Counters => JSON.parse(readFileSync(stateFile(), 'utf8')) as Counters

test('a kill at any operation of a batch loses no failure and nothing acknowledged', {
  timeout: SWEEP_TIMEOUT_MS,
}, async () => {
  const initial = [98, 100]
  const available = [98, 99, 100, 101, 102, 103, 104, 105]
  const failing = [102, 103]
  const options = {
    args: [work(), failing.join(',')],
    env: { DESTINATION: JSON.stringify(initial), AVAILABLE: JSON.stringify(available) },
    prepare: () => prepare(98, 100, [99]),
  }
  const kills = await crashSweep(fixture('run-batch.mjs'), options, async (_operation, child) => {
    const destination = [...initial, ...lines(join(work(), 'destination'))]
    const found = counters()
    const failures = lines(failureLog())
    for (const run of available.filter((candidate) => candidate <= found.last_attempted_run)) {
      expect([...destination, ...failures]).toContain(run)
    }
    for (let run = 98; run <= found.last_contiguous_run; run++) expect(destination).toContain(run)
    for (const line of child.stdout().split('\n').filter(Boolean)) {
      const told: { number: number; outcome: string; lastContiguousRun: number; lastAttemptedRun: number } =
        JSON.parse(line)
      if (told.outcome === 'failed') expect(failures).toContain(told.number)
      else expect(failures).not.toContain(told.number)
      expect(found.last_attempted_run).toBeGreaterThanOrEqual(told.lastAttemptedRun)
      expect(found.last_contiguous_run).toBeGreaterThanOrEqual(told.lastContiguousRun)
    }
    await goOn(available, destination)
  })
  expect(kills).toBeGreaterThan(50)
})

async function goOn(available: readonly number[], destination: readonly number[]): Promise<void> {
  await using progress = await RunProgress.open({ stateFile: stateFile(), failureLog: failureLog() })
  expect(readdirSync(work()).filter((name) => name.endsWith('.tmp'))).toEqual([])
  const { failures, incrementalStartRun: startRun } = progress
  const held = new Set(destination)
  await progress.dropFailures(failures.filter((run) => held.has(run)))
  for (const runs of [incrementalCandidates({ available, destination, failures, startRun }), progress.failures]) {
    const batch = await progress.startBatch({ runs, destination: held })
    for (const run of batch.runs) {
      held.add(run)
      await batch.succeeded(run)
    }
  }
  expect([progress.lastContiguousRun, progress.incrementalStartRun]).toEqual([105, 105])
  expect(lines(failureLog())).toEqual([])
}

test('a kill at any operation of a recovery loses no failure, and a rerun completes it', {
  timeout: SWEEP_TIMEOUT_MS,
}, async () => {
  const source = [100, 101, 102, 103, 104, 105]
  const destination = [100, 102]
  const values = { lastContiguousRun: 100, lastAttemptedRun: 102, failures: [101] }
  const options = { args: [work(), JSON.stringify(values)], prepare: () => prepare(100, 105, [103, 104, 105, 101]) }
  const kills = await crashSweep(fixture('replace.mjs'), options, async () => {
    const failures = lines(failureLog())
    for (const run of source.filter((candidate) => candidate <= counters().last_attempted_run)) {
      expect([...destination, ...failures]).toContain(run)
    }
    await using progress = await RunProgress.open({ stateFile: stateFile(), failureLog: failureLog() })
    await progress.replace(values)
    expect(counters()).toEqual({ last_contiguous_run: 100, last_attempted_run: 102 })
    expect(lines(failureLog())).toEqual([101])
  })
  expect(kills).toBeGreaterThan(15)
})

test('a kill while a backup replaces a damaged state file loses neither', { timeout: SWEEP_TIMEOUT_MS }, async () => {
  const damaged = '{"last_contiguous_run": 10'
  const good = '{"last_contiguous_run": 100, "last_attempted_run": 105}'
  const options = {
    args: [work()],
    prepare: () => {
      prepare(0, 0, [103])
      writeFileSync(stateFile(), damaged)
      writeFileSync(`${stateFile()}.bak`, good)
    },
  }
  const kills = await crashSweep(fixture('open.mjs'), options, async () => {
    expect([damaged, good]).toContain(readFileSync(stateFile(), 'utf8'))
    const contents = readdirSync(work()).map((name) => readFileSync(join(work(), name), 'utf8'))
    expect(contents).toContain(damaged)
    expect(contents).toContain(good)
    await using progress = await RunProgress.open({
      stateFile: stateFile(),
      failureLog: failureLog(),
      logger: recordingLogger(),
    })
    expect([progress.lastContiguousRun, progress.lastAttemptedRun]).toEqual([100, 105])
  })
  expect(kills).toBeGreaterThan(5)
})
