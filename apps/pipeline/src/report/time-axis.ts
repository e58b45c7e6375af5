import type { Span } from './report-facts.js'

/** Maps instants to places from 0 to 1, with long pauses cut out: a run that was resumed days later is not two dots at the ends of a line. */
export interface TimeAxis {
  readonly place: (ms: number) => number
  /** Where time was cut out, and how much of it. */
  readonly breaks: readonly { readonly place: number; readonly width: number; readonly ms: number }[]
  /** Instants worth a mark, in their order. */
  readonly ticks: readonly { readonly place: number; readonly ms: number }[]
}

/** From the first start to the last end. */
export function coverSpans(spans: readonly Span[]): Span | undefined {
  if (spans.length === 0) return undefined
  let [startMs, endMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const span of spans) {
    startMs = Math.min(startMs, span.startMs)
    endMs = Math.max(endMs, span.endMs)
  }
  return { startMs, endMs }
}

/** How long at least one of them was under way. */
export function measureBusy(spans: readonly Span[]): number {
  return mergeSpans(spans).reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
}

/** Made of all spans that are to be shown on it. */
export function makeTimeAxis(spans: readonly Span[]): TimeAxis {
  const busy = mergeSpans(spans)
  const busyMs = busy.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
  const longestPauseMs = Math.max(busyMs * LONG_PAUSE, SHORTEST_CUT_MS)
  const stretches: { startMs: number; endMs: number }[] = []
  for (const { startMs, endMs } of busy) {
    const last = stretches.at(-1)
    if (last !== undefined && startMs - last.endMs <= longestPauseMs) last.endMs = endMs
    else stretches.push({ startMs, endMs })
  }
  const shownMs = stretches.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
  const breakWidth = Math.min(BREAK_WIDTH, 0.5 / Math.max(1, stretches.length - 1))
  const scale = (1 - breakWidth * (stretches.length - 1)) / Math.max(1, shownMs)
  let at = 0
  const pieces = stretches.map(({ startMs, endMs }) => {
    const piece = { startMs, endMs, from: at }
    at += (endMs - startMs) * scale + breakWidth
    return piece
  })
  const place = (ms: number): number => {
    const piece = pieces.findLast(({ startMs }) => startMs <= ms) ?? pieces[0]
    if (piece === undefined) return 0
    return piece.from + Math.max(0, Math.min(ms, piece.endMs) - piece.startMs) * scale
  }
  const breaks = pieces.slice(1).map((piece, index) => {
    const before = stretches[index]?.endMs ?? piece.startMs
    return { place: piece.from - breakWidth, width: breakWidth, ms: piece.startMs - before }
  })
  const ticks = pieces.flatMap(({ startMs, endMs, from }) => {
    const length = (endMs - startMs) * scale
    const step = findStep((endMs - startMs) / Math.max(1, Math.round(length * TICKS)))
    const found: { place: number; ms: number }[] = [{ place: from, ms: startMs }]
    for (let ms = Math.ceil((startMs + step / 2) / step) * step; ms <= endMs; ms += step)
      found.push({ place: place(ms), ms })
    return found
  })
  return { place, breaks, ticks }
}

/** A pause is long when it takes more than this part of the time of work. */
const LONG_PAUSE = 0.25
const SHORTEST_CUT_MS = 2000
const BREAK_WIDTH = 0.04
const TICKS = 8
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1000,
)

function findStep(ms: number): number {
  if (ms <= 500) return 10 ** Math.ceil(Math.log10(Math.max(1, ms)))
  return STEPS_MS.find((step) => step >= ms) ?? Math.ceil(ms / 86_400_000) * 86_400_000
}

function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: { startMs: number; endMs: number }[] = []
  for (const { startMs, endMs } of spans.toSorted((one, other) => one.startMs - other.startMs)) {
    const last = merged.at(-1)
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs)
    else merged.push({ startMs, endMs })
  }
  return merged
}
