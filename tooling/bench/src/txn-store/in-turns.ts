export interface Contender {
  readonly name: string
  readonly run: () => unknown
  /** Operations in one run. @default 1 */
  readonly operations?: number
}

/** What one contender's operations took. */
export interface Timing {
  readonly name: string
  readonly medianMs: number
  readonly meanMs: number
  readonly p99Ms: number
  readonly rounds: number
}

/**
 * Runs all of them in each round, every time in another order, so that a busy moment of the machine, and what one leaves to the disk for the next to sync,
 * hit all alike.
 */
export async function measureInTurns(contenders: readonly Contender[], rounds: number): Promise<Timing[]> {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  const random = makeRandom(1)
  for (let round = -Math.ceil(rounds / 10); round < rounds; round += 1) {
    for (const { name, run, operations = 1 } of shuffled(contenders, random)) {
      const started = performance.now()
      await run()
      const spentMs = (performance.now() - started) / operations
      if (round >= 0) times.get(name)?.push(spentMs)
    }
  }
  return [...times].map(([name, values]) => summarize(name, values))
}

/** How many times the rate of the other one it reaches. */
export function rateRatio(timings: readonly Timing[], name: string, other: string): number {
  return find(timings, other).medianMs / find(timings, name).medianMs
}

function find(timings: readonly Timing[], name: string): Timing {
  const found = timings.find((timing) => timing.name === name)
  if (found === undefined) throw new Error(`There is no row '${name}'`)
  return found
}

function summarize(name: string, values: readonly number[]): Timing {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
  const meanMs = values.reduce((sum, value) => sum + value, 0) / values.length
  return { name, medianMs: at(0.5), meanMs, p99Ms: at(0.99), rounds: values.length }
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

/** Repeatable: two runs of the benchmark take the same orders. */
function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
