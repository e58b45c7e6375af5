/** First and last run of an unbroken sequence. */
export type RunRange = readonly [first: number, last: number]

/** The unbroken sequences of a set of runs, ascending. */
export function contiguousRanges(runs: Iterable<number>): RunRange[] {
  const ranges: [number, number][] = []
  let current: [number, number] | undefined
  // A typed array sorts numbers by itself, several times as fast.
  for (const run of Float64Array.from(runs).sort()) {
    if (current !== undefined && run <= current[1] + 1) current[1] = run
    else {
      current = [run, run]
      ranges.push(current)
    }
  }
  return ranges
}

/** The unbroken sequences that are missing between the first and the last run. */
export function gapsBetween(ranges: readonly RunRange[]): RunRange[] {
  return ranges.slice(1).map(([first], index) => [(ranges[index]?.[1] ?? first) + 1, first - 1])
}

export function countRuns(ranges: readonly RunRange[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
}

/** `100-105, 107`; beyond ten ranges the first and last five with the total. */
export function formatRanges(ranges: readonly RunRange[]): string {
  if (ranges.length === 0) return 'None'
  const show = (some: readonly RunRange[]): string =>
    some.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')
  if (ranges.length <= 10) return show(ranges)
  return `${show(ranges.slice(0, 5))} ... ${show(ranges.slice(-5))} (${ranges.length} ranges total)`
}

/** Single run numbers; beyond `limit` the first ones with the total. */
export function formatRuns(ranges: readonly RunRange[], limit: number): string {
  const total = countRuns(ranges)
  if (total === 0) return 'None'
  const shown: number[] = []
  for (const [first, last] of ranges)
    for (let run = first; run <= last && shown.length < limit; run += 1) shown.push(run)
  return total <= limit ? shown.join(', ') : `${shown.join(', ')} ... (${total} gaps total)`
}

/** The runs of `ranges` that are not in `others`; both ascending. */
export function subtractRanges(ranges: readonly RunRange[], others: readonly RunRange[]): RunRange[] {
  const left: RunRange[] = []
  let at = 0
  for (const [first, last] of ranges) {
    let from = first
    while (at < others.length && (others[at]?.[1] ?? 0) < first) at += 1
    for (let index = at; index < others.length; index += 1) {
      const [start, end] = others[index] ?? [0, 0]
      if (start > last) break
      if (start > from) left.push([from, start - 1])
      from = Math.max(from, end + 1)
      if (end < last) at = index
    }
    if (from <= last) left.push([from, last])
  }
  return left
}

/** The runs that are in both; both ascending. */
export function intersectRanges(ranges: readonly RunRange[], others: readonly RunRange[]): RunRange[] {
  const common: RunRange[] = []
  for (let [one, other] = [0, 0]; one < ranges.length && other < others.length; ) {
    const [first, last] = ranges[one] ?? [0, 0]
    const [start, end] = others[other] ?? [0, 0]
    if (Math.max(first, start) <= Math.min(last, end)) common.push([Math.max(first, start), Math.min(last, end)])
    if (last < end) one += 1
    else other += 1
  }
  return common
}
