import { countRuns, gapsBetween, type RunRange } from './run-ranges.js'

/** Some runs that share one mark on the strip: the smallest thing that the page can show. */
export interface Bucket {
  readonly first: number
  readonly last: number
  /** From 0 to 1. */
  readonly from: number
  readonly to: number
}

/** Places runs on a line from 0 to 1; long stretches of numbers that no store knows are cut out. */
export interface RunAxis {
  readonly buckets: readonly Bucket[]
  readonly ticks: readonly { readonly run: number; readonly place: number }[]
  readonly cuts: readonly {
    readonly from: number
    readonly to: number
    readonly first: number
    readonly last: number
  }[]
}

/** How many marks beside each other a screen can show. */
const MAX_BUCKETS = 1000
/** A stretch of unused numbers is cut out when it is longer than this part of the runs that there are. */
const LONG_GAP = 0.5
const MAX_CUTS = 6
const CUT_WIDTH = 0.02
const MIN_TICK_DISTANCE = 0.09

/** @param ranges what is known of anywhere, ascending. */
export function makeRunAxis(ranges: readonly RunRange[]): RunAxis | undefined {
  const [first, last] = [ranges[0]?.[0], ranges.at(-1)?.[1]]
  if (first === undefined || last === undefined) return undefined
  const shortest = Math.max(countRuns(ranges) * LONG_GAP, 20)
  const cutOut = gapsBetween(ranges)
    .filter((gap) => countRuns([gap]) > shortest)
    .sort((one, other) => countRuns([other]) - countRuns([one]))
    .slice(0, MAX_CUTS)
    .sort(([one], [other]) => one - other)
  const pieces: RunRange[] = []
  let from = first
  for (const [start, end] of cutOut) {
    pieces.push([from, start - 1])
    from = end + 1
  }
  pieces.push([from, last])
  const scale = (1 - CUT_WIDTH * cutOut.length) / countRuns(pieces)
  let at = 0
  const buckets: Bucket[] = []
  const cuts = []
  const ticks = []
  for (const [index, piece] of pieces.entries()) {
    const [start, end] = piece
    const length = end - start + 1
    const width = length * scale
    buckets.push(...splitPiece(piece, at, width))
    ticks.push(...ticksOf(piece, at, scale))
    at += width
    const cut = cutOut[index]
    if (cut === undefined) continue
    cuts.push({ from: at, to: at + CUT_WIDTH, first: cut[0], last: cut[1] })
    at += CUT_WIDTH
  }
  const spread: { run: number; place: number }[] = []
  for (const tick of ticks) {
    if (tick.place - (spread.at(-1)?.place ?? -1) >= MIN_TICK_DISTANCE && tick.place <= 1 - MIN_TICK_DISTANCE)
      spread.push(tick)
  }
  if (last > first) spread.push({ run: last, place: 1 })
  return { buckets, cuts, ticks: spread }
}

function splitPiece([start, end]: RunRange, at: number, width: number): Bucket[] {
  const length = end - start + 1
  const count = Math.min(length, Math.max(1, Math.floor(width * MAX_BUCKETS)))
  const firstOf = (index: number): number => start + Math.floor((index * length) / count)
  return Array.from({ length: count }, (_, index) => {
    const [first, next] = [firstOf(index), firstOf(index + 1)]
    return {
      first,
      last: next - 1,
      from: at + ((first - start) / length) * width,
      to: at + ((next - start) / length) * width,
    }
  })
}

/** Round numbers, and the first run of the piece; the newest run of all comes last. */
function ticksOf([start, end]: RunRange, at: number, scale: number): { run: number; place: number }[] {
  const wanted = Math.max(1, (end - start) / Math.max(1, 8 * (end - start + 1) * scale))
  const power = 10 ** Math.floor(Math.log10(wanted))
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= wanted) ?? wanted)
  const ticks = [{ run: start, place: at }]
  for (let run = Math.ceil((start + 1) / step) * step; run <= end; run += step)
    ticks.push({ run, place: at + (run - start + 0.5) * scale })
  return ticks
}
