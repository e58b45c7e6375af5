/** Run numbers and counters are non-negative safe integers; everything else is a mistake or damage. */
export function isRunNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/**
 * The runs ascending and without duplicates. `what` names them in the error.
 *
 * @throws TypeError for what is not a number, RangeError for a number that is not a non-negative safe integer.
 */
export function sortedRuns(runs: Iterable<number>, what: string): number[] {
  return [...runSet(runs, what)].sort((a, b) => a - b)
}

/** A checked copy of the runs; see {@link sortedRuns}. */
export function runSet(runs: Iterable<number>, what: string): Set<number> {
  const set = new Set<number>()
  for (const run of runs) set.add(checkedRun(run, what))
  return set
}

/** The run itself; see {@link sortedRuns} for the errors. */
export function checkedRun(run: unknown, what: string): number {
  if (typeof run !== 'number') throw new TypeError(`Expected run numbers in ${what}, got ${describe(run)}`)
  if (!isRunNumber(run)) {
    throw new RangeError(`Expected non-negative whole run numbers up to 2^53 - 1 in ${what}, got ${run}`)
  }
  return run
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : `${value === null ? 'null' : typeof value}`
}
