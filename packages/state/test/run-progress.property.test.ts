/**
 * Random histories of one stage: batches whose runs end in any order on several workers, retries, late and new runs in the source, and executions
 * that end in the middle of a batch. The files are compared with a model that works everything out from scratch, and with the promises:
 * the counters never fall, a failure stays in the log until the run succeeds, and every run the source held when `last_attempted_run` passed it
 * is in the destination or in the log.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { incrementalCandidates, lateRuns, RunProgress } from '../src/index.js'

type Kind = 'incremental' | 'full' | 'catch-up' | 'retry'

interface Execution {
  readonly kind: Kind
  readonly newRuns: readonly number[]
  readonly size: number
  readonly workers: number
  /** Chooses which run in flight ends next, and how. */
  readonly choices: readonly { readonly pick: number; readonly fails: boolean; readonly awaited: boolean }[]
  /** The execution is killed after so many outcomes; between the success in the destination and its report if `unreported`. */
  readonly endsAfter: number
  readonly unreported: boolean
}

const execution: fc.Arbitrary<Execution> = fc.record({
  kind: fc.constantFrom<Kind>('incremental', 'incremental', 'full', 'catch-up', 'retry'),
  newRuns: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 6 }),
  size: fc.integer({ min: 0, max: 6 }),
  workers: fc.integer({ min: 1, max: 4 }),
  choices: fc.array(fc.record({ pick: fc.nat(), fails: fc.boolean(), awaited: fc.boolean() }), {
    minLength: 8,
    maxLength: 8,
  }),
  endsAfter: fc.integer({ min: 0, max: 6 }),
  unreported: fc.boolean(),
})

class Model {
  contiguous = 0
  attempted = 0
  failures = new Set<number>()

  /** What the files say after the given outcomes of a batch, from what they said before it. */
  after(batch: readonly number[], held: ReadonlySet<number>, outcomes: ReadonlyMap<number, boolean>): Model {
    const next = new Model()
    next.failures = new Set(this.failures)
    for (const [run, ok] of outcomes) ok ? next.failures.delete(run) : next.failures.add(run)
    const passed = batch.filter((run) => batch.every((other) => other > run || outcomes.has(other)))
    next.attempted = Math.max(this.attempted, ...passed.filter((run) => !this.failures.has(run)))
    const good = (run: number): boolean =>
      batch.includes(run) ? outcomes.get(run) === true : held.has(run) && !next.failures.has(run)
    const lowest = Math.min(...batch, ...held, ...this.failures)
    const mayStart = batch.some((run) => !this.failures.has(run)) || lowest <= next.attempted
    next.contiguous = this.contiguous > 0 || !mayStart || !good(lowest) ? this.contiguous : lowest
    while (good(next.contiguous + 1)) next.contiguous += 1
    return next
  }
}

test('RunProgress does what the model does in every history', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(execution, { minLength: 1, maxLength: 8 }), async (executions) => {
      const dir = mkdtempSync(join(tmpdir(), 'holdfast-property-'))
      try {
        await live(dir, executions)
      } finally {
        rmSync(dir, { recursive: true })
      }
    }),
    { numRuns: 200 },
  )
})

async function live(dir: string, executions: readonly Execution[]): Promise<void> {
  const files = { stateFile: join(dir, 'state.json'), failureLog: join(dir, 'failures.log') }
  const source = new Set<number>()
  const destination = new Set<number>()
  /** Runs that were in the source when the start run had passed them already. */
  const late = new Set<number>()
  let model = new Model()

  for (const step of executions) {
    await using progress = await RunProgress.open(files)
    expectSame(progress, model)
    for (const run of step.newRuns) {
      if (!source.has(run) && run <= progress.incrementalStartRun) late.add(run)
      source.add(run)
    }
    const input = {
      available: source,
      destination,
      failures: progress.failures,
      startRun: progress.incrementalStartRun,
    }
    const candidates = {
      incremental: () => incrementalCandidates(input).slice(0, step.size),
      full: () =>
        [...source]
          .filter((run) => !destination.has(run))
          .sort((a, b) => a - b)
          .slice(0, step.size),
      'catch-up': () => lateRuns(input),
      retry: () => progress.failures,
    }
    const held = new Set(destination)
    if (step.kind === 'retry') {
      const present = progress.failures.filter((run) => held.has(run))
      await progress.dropFailures(present)
      for (const run of present) model.failures.delete(run)
    }
    const batch = await progress.startBatch({ runs: candidates[step.kind](), destination: held })
    const outcomes = new Map<number, boolean>()
    const before = model
    model = before.after(batch.runs, held, outcomes)
    expectSame(progress, model)

    const waiting = [...batch.runs]
    const inFlight: number[] = []
    const unawaited: Promise<void>[] = []
    for (let count = 0; count < step.endsAfter && waiting.length + inFlight.length > 0; count++) {
      for (const run of waiting.splice(0, step.workers - inFlight.length)) {
        batch.started(run)
        inFlight.push(run)
      }
      const { pick, fails, awaited } = step.choices[count % step.choices.length] ?? {
        pick: 0,
        fails: false,
        awaited: true,
      }
      const [run = -1] = inFlight.splice(pick % inFlight.length, 1)
      if (!fails) destination.add(run)
      if (step.unreported && count === step.endsAfter - 1) break
      outcomes.set(run, !fails)
      model = before.after(batch.runs, held, outcomes)
      const reported = fails ? batch.failed(run) : batch.succeeded(run)
      if (!awaited) {
        unawaited.push(reported)
        continue
      }
      await reported
      expectSame(progress, model)
    }
    await Promise.all(unawaited)
    expectSame(progress, model)
    expect(progress.lastContiguousRun).toBeGreaterThanOrEqual(before.contiguous)
    expect(progress.lastAttemptedRun).toBeGreaterThanOrEqual(before.attempted)
    for (const run of source) {
      if (run > progress.incrementalStartRun || late.has(run) || destination.has(run)) continue
      expect(progress.failures).toContain(run)
    }
  }
}

function expectSame(progress: RunProgress, model: Model): void {
  expect({
    contiguous: progress.lastContiguousRun,
    attempted: progress.lastAttemptedRun,
    failures: progress.failures,
  }).toEqual({
    contiguous: model.contiguous,
    attempted: model.attempted,
    failures: [...model.failures].sort((a, b) => a - b),
  })
}
