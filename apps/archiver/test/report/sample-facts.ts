import type { StageComparison } from '../../src/report/compare-stage.js'
import type { PageInput } from '../../src/report/page-facts.js'
import { contiguousRanges, countRuns, gapsBetween } from '../../src/report/run-ranges.js'
import type { StatusReport, StoreStatus } from '../../src/report/status-report.js'
import type { RunEvent } from '../../src/stages/run-events.js'

export const NOW = Date.UTC(2026, 10, 21, 11, 50)

export function describeRuns(location: string, runs: readonly number[]): StoreStatus {
  const ranges = contiguousRanges(runs)
  const gaps = gapsBetween(ranges)
  const [firstRun, lastRun] = [ranges[0]?.[0], ranges.at(-1)?.[1]]
  const extent = firstRun === undefined || lastRun === undefined ? {} : { firstRun, lastRun }
  return { location, totalRuns: runs.length, ...extent, ranges, gaps, missingRuns: countRuns(gaps) }
}

export function describeStage(given: Partial<StageComparison> = {}): StageComparison {
  return {
    comparable: true,
    readable: true,
    lastContiguousRun: 0,
    lastAttemptedRun: 0,
    missing: [],
    newRuns: [],
    late: [],
    failures: [],
    arrivedFailures: [],
    lostFailures: [],
    stateIsMissing: false,
    problems: [],
    ...given,
  }
}

export function makeInput(status: Partial<StatusReport>, events: readonly RunEvent[] = []): PageInput {
  const empty = describeRuns('', [])
  return {
    status: {
      filesystem: { ...empty, location: '/daq/run_records' },
      artdaqdb: { ...empty, location: 'filesystemdb:///data/run_records_archive' },
      ucondb: {
        ...empty,
        location: 'https://ucondb.example.org:9443/instance/app',
        folder: 'runs',
        object: 'configuration',
      },
      stages: { import: describeStage(), migration: describeStage() },
      recommendations: [],
      complete: true,
      ...status,
    },
    events,
    origin: {
      configPath: '/etc/archiver/config.yaml',
      workDir: '/var/lib/run_record_archiver',
      host: 'icarus-evb03',
      madeAtMs: NOW,
      version: '1.0.0',
      nodeVersion: '24.0.0',
      durations: [
        { what: 'Reading the run records', ms: 41 },
        { what: 'Reading artdaqDB', ms: 380 },
        { what: 'Reading UconDB', ms: 1240 },
        { what: 'Whole report', ms: 1270 },
      ],
    },
  }
}

/** A made-up site as it is on an ordinary day: 8,000 runs, a few failures, some late, some to come. */
export function makeOrdinaryDay(): PageInput {
  const unused = (run: number): boolean => run % 997 === 3 || (run > 9_410 && run < 9_520) || run % 1213 === 0
  const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)
  const disk = range(4_000, 12_540).filter((run) => !unused(run))
  const importFailures = [8_122, 11_873, 12_499]
  const late = [10_644]
  const database = disk.filter((run) => run <= 12_531 && !importFailures.includes(run) && !late.includes(run))
  const migrateFailures = [7_310, 12_480]
  const archive = database.filter((run) => run <= 12_505 && !migrateFailures.includes(run))
  const events: RunEvent[] = []
  const stages = ['Import', 'Migration'] as const
  const perDay = [14, 22, 9, 31, 40, 36, 28, 19, 25, 33, 47, 52, 44, 12, 0, 0, 18, 29, 38, 41, 35, 27, 30, 46]
  for (const [s, stage] of stages.entries()) {
    const last = s === 0 ? 12_531 : 12_505
    let run = last + 1 - perDay.reduce((sum, runs) => sum + Math.max(0, runs - s * 3), 0)
    for (const [day, runs] of perDay.entries()) {
      for (let index = 0; index < Math.max(0, runs - s * 3); index += 1, run += 1) {
        if (importFailures.includes(run) || (s === 1 && migrateFailures.includes(run))) continue
        events.push({
          at: new Date(NOW - (perDay.length - day) * 86_400_000 + index * 1_500_000 + s * 60_000).toISOString(),
          executionId: `day${day}`,
          stage,
          run,
          outcome: 'succeeded',
          attempts: 1,
          durationMs: 900 + ((run * 7919) % 2600) + s * 700,
          bytes: 2_400_000 + ((run * 104_729) % 3_000_000),
        })
      }
    }
  }
  const fail = (stage: RunEvent['stage'], run: number, daysAgo: number, error: string, errorCode: string): void => {
    for (let time = 0; time < 2; time += 1) {
      const at = new Date(NOW - (daysAgo - time * 0.3) * 86_400_000).toISOString()
      events.push({
        at,
        executionId: 'x',
        stage,
        run,
        outcome: 'failed',
        attempts: 3,
        durationMs: 9_400,
        error,
        errorCode,
      })
    }
  }
  fail(
    'Import',
    12_499,
    1.2,
    '"tpc01.fcl" at line 214, column 9: expected a value, found the end of the file',
    'ERR_FHICL_SYNTAX',
  )
  fail('Import', 11_873, 9.1, 'Cannot read "ranks.txt": permission denied', 'EACCES')
  fail(
    'Migration',
    12_480,
    2.4,
    'UconDB holds other content under run 12480: 18,221 bytes differ from the first one on',
    'ERR_VERIFICATION',
  )
  const { status } = makeInput({})
  return makeInput(
    {
      filesystem: describeRuns(status.filesystem.location, disk),
      artdaqdb: describeRuns(status.artdaqdb.location, database),
      ucondb: { ...status.ucondb, ...describeRuns(status.ucondb.location, archive) },
      stages: {
        import: describeStage({
          lastContiguousRun: 8_121,
          lastAttemptedRun: 12_531,
          newRuns: disk.filter((run) => run > 8_121),
          late,
          failures: importFailures,
        }),
        migration: describeStage({
          lastContiguousRun: 7_309,
          lastAttemptedRun: 12_505,
          newRuns: database.filter((run) => run > 7_309),
          failures: migrateFailures,
        }),
      },
    },
    events,
  )
}
