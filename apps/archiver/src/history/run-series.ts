import type { HistoryEvent } from './history-line.js'
import { type HistoryReading, readHistory } from './read-history.js'

type StageName = HistoryEvent['stage']

/** What the history says about one run in one stage. */
export interface RunSeries {
  readonly newest: HistoryEvent
  /** The first failure of the series that is still unbroken; absent after a success. */
  readonly firstFailure: HistoryEvent | undefined
  /** Executions that tried the run since then, or the one that succeeded. */
  readonly executions: number
  /** Attempts of all of them. */
  readonly attempts: number
}

/** Each run's newest state by stage, made of the events in their order. */
export class SeriesByRun {
  readonly #stages: Readonly<Record<StageName, Map<number, RunSeries>>> = { Import: new Map(), Migration: new Map() }

  add(event: HistoryEvent): void {
    const series = this.#stages[event.stage]
    const attempts = event.attempts + (event.dropped?.attempts ?? 0)
    const executions = 1 + (event.dropped?.executions ?? 0)
    const before = series.get(event.run)
    if (event.outcome === 'failed' && before?.firstFailure !== undefined) {
      series.set(event.run, {
        newest: event,
        firstFailure: before.firstFailure,
        executions: before.executions + executions,
        attempts: before.attempts + attempts,
      })
      return
    }
    const firstFailure = event.outcome === 'failed' ? event : undefined
    series.set(event.run, { newest: event, firstFailure, executions, attempts })
  }

  get(stage: StageName, run: number): RunSeries | undefined {
    return this.#stages[stage].get(run)
  }

  *all(): Iterable<RunSeries> {
    yield* this.#stages.Import.values()
    yield* this.#stages.Migration.values()
  }
}

/** Reads the history of all runs, or of one; see {@link readHistory}. @throws HistoryUnreadableError */
export async function readSeries(
  path: string,
  run?: number,
): Promise<HistoryReading & { readonly series: SeriesByRun }> {
  const series = new SeriesByRun()
  const reading = await readHistory(path, (event) => series.add(event), run)
  return { ...reading, series }
}
