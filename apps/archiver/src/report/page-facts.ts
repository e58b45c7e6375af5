import type { RunEvent } from '../stages/run-events.js'
import { coverRow, type Row } from './coverage.js'
import { type Discrepancy, findDiscrepancies } from './find-discrepancies.js'
import { type Headline, makeHeadline } from './headline.js'
import { type FailureEntry, listFailures } from './list-failures.js'
import { type Action, recommendActions } from './recommend-actions.js'
import { makeRunAxis, type RunAxis } from './run-axis.js'
import { contiguousRanges, countRuns, intersectRanges, type RunRange, subtractRanges } from './run-ranges.js'
import type { StatusReport, StoreStatus } from './status-report.js'
import { measureThroughput, type Throughput } from './throughput.js'

export type StoreKey = 'filesystem' | 'artdaqdb' | 'ucondb'

/** Where, when and by what the report was made. */
export interface PageOrigin {
  readonly configPath: string
  readonly workDir: string
  readonly host: string
  /** Epoch milliseconds. */
  readonly madeAtMs: number
  readonly version: string
  readonly nodeVersion: string
  /** What took how long. */
  readonly durations: readonly { readonly what: string; readonly ms: number }[]
}

export interface PageInput {
  /** Made with `compareState`. */
  readonly status: StatusReport
  /** The history, in any order; empty when there is none. */
  readonly events: readonly RunEvent[]
  readonly origin: PageOrigin
}

/** Numbers that are absent between the first and the last run of a place, or of several places alike. */
export interface GapEntry {
  readonly places: readonly StoreKey[]
  readonly range: RunRange
  readonly runs: number
  /** How many of them the place before has. */
  readonly atSource: number
}

export interface PageFacts extends PageInput {
  readonly headline: Headline
  readonly stores: readonly {
    readonly key: StoreKey
    readonly name: string
    readonly status: StoreStatus
    readonly waiting: number
    readonly row: Row | undefined
  }[]
  /** `undefined` when there are no runs. */
  readonly axis: RunAxis | undefined
  /** Those that runs are waiting to fill come first. */
  readonly gaps: readonly GapEntry[]
  readonly failures: readonly FailureEntry[]
  readonly discrepancies: readonly Discrepancy[]
  readonly actions: readonly Action[]
  readonly throughput: Throughput | undefined
}

export const STORE_NAMES: Readonly<Record<StoreKey, string>> = {
  filesystem: 'Run records',
  artdaqdb: 'artdaqDB',
  ucondb: 'UconDB',
}

/** Everything that the page says, worked out from the report and the history. Pure. */
export function gatherFacts(input: PageInput): PageFacts {
  const { status, events, origin } = input
  const { filesystem, artdaqdb, ucondb, stages } = status
  const axis = makeRunAxis(unite([filesystem, artdaqdb, ucondb].map(({ ranges }) => ranges ?? [])))
  const sources = [
    { key: 'filesystem', status: filesystem, from: undefined, stage: undefined },
    { key: 'artdaqdb', status: artdaqdb, from: filesystem, stage: stages?.import },
    { key: 'ucondb', status: ucondb, from: artdaqdb, stage: stages?.migration },
  ] as const
  const gaps: GapEntry[] = []
  const stores = sources.map(({ key, status, from, stage }) => {
    const present = status.ranges
    if (present === undefined) return { key, name: STORE_NAMES[key], status, waiting: 0, row: undefined }
    const waiting = from?.ranges === undefined ? [] : subtractRanges(from.ranges, present)
    const failed = contiguousRanges(stage?.failures ?? [])
    const late = contiguousRanges(stage?.late ?? [])
    addGaps(gaps, key, status.gaps ?? [], waiting)
    const row = axis === undefined ? undefined : coverRow(axis.buckets, { present, waiting, failed, late })
    return { key, name: STORE_NAMES[key], status, waiting: countRuns(waiting), row }
  })
  gaps.sort((one, other) => Number(other.atSource > 0) - Number(one.atSource > 0))
  const times = Float64Array.from(events, ({ at }) => Date.parse(at))
  const failures = listFailures(stages, events, times)
  const discrepancies = findDiscrepancies(status)
  return {
    ...input,
    headline: makeHeadline(status, failures.length, discrepancies),
    stores,
    axis,
    gaps,
    failures,
    discrepancies,
    actions: recommendActions(status, origin.configPath),
    throughput: measureThroughput(events, times),
  }
}

function unite(all: readonly (readonly RunRange[])[]): RunRange[] {
  const united: [number, number][] = []
  for (const [first, last] of all.flat().sort(([one], [other]) => one - other)) {
    const current = united.at(-1)
    if (current !== undefined && first <= current[1] + 1) current[1] = Math.max(current[1], last)
    else united.push([first, last])
  }
  return united
}

function addGaps(found: GapEntry[], place: StoreKey, ranges: readonly RunRange[], waiting: readonly RunRange[]): void {
  const open = intersectRanges(ranges, waiting)
  const known = new Map<number, number>()
  for (const [index, { range, atSource }] of found.entries()) if (atSource === 0) known.set(range[0], index)
  let at = 0
  for (const range of ranges) {
    let atSource = 0
    for (; at < open.length && (open[at]?.[0] ?? 0) <= range[1]; at += 1) {
      const [first, last] = open[at] ?? [0, -1]
      atSource += last - first + 1
    }
    // What was never anywhere is told once for all places.
    const index = atSource === 0 ? known.get(range[0]) : undefined
    const same = index === undefined ? undefined : found[index]
    if (index !== undefined && same !== undefined && same.range[1] === range[1])
      found[index] = { ...same, places: [...same.places, place] }
    else found.push({ places: [place], range, runs: range[1] - range[0] + 1, atSource })
  }
}
