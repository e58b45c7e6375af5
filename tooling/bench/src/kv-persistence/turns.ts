/** `run` does `operations` of them. */
export interface Contender {
  readonly name: string
  readonly operations: number
  readonly run: (round: number) => Promise<void>
}

const WARM_UP_ROUNDS = 15
export const VALUE = {
  id: 4711,
  url: 'https://a.example/bundles/4711',
  state: 'done',
  at: '2026-01-02T03:04:05.006Z',
  tries: 2,
}

export async function inFlight(count: number, work: (n: number) => Promise<unknown> | undefined): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => work(n)))
}

/** In turns, there and back, so that a busy moment of the machine hits all alike. Milliseconds per operation. */
export async function measure(all: readonly Contender[], rounds: number): Promise<Map<string, number[]>> {
  const times = new Map(all.map(({ name }) => [name, [] as number[]]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const { name, operations, run } of round % 2 === 0 ? all : all.toReversed()) {
      const started = performance.now()
      await run(round)
      if (round >= 0) times.get(name)?.push((performance.now() - started) / operations)
    }
  }
  return times
}

export function print(title: string, times: ReadonlyMap<string, readonly number[]>, base: string): void {
  const baseMs = median(times.get(base) ?? [])
  console.log(title)
  const rows = [...times].map(([name, values]) => {
    const ms = median(values)
    return [name, { 'µs each': Number((ms * 1000).toFixed(1)), 'speed / first': Number((baseMs / ms).toFixed(2)) }]
  })
  console.table(Object.fromEntries(rows))
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
