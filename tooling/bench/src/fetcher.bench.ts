/**
 * The fetcher beside a bare undici loop of the same concurrency with one durable write per item, on pages of a server in a process of its own; in turns,
 * medians over rounds. "Items" can be read in two ways, and both are measured:
 *
 * - an item is an answer: the loop writes one file per request, the fetcher one bundle (content, manifest, marker)
 * - an item is a row: the loop writes one file per row of a page, the fetcher one bundle per page
 *
 * A ratio is the speed of the fetcher by that of the loop: 0.7 is the target, 2 is twice as fast. Then the highest memory at two amounts of work.
 *
 * Usage: node tooling/bench/src/fetcher.bench.ts [requests] [rounds] [folder] [requests of the memory row]
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Load {
  readonly name: string
  readonly item: 'request' | 'row'
  readonly requests: number
  /** Of one window, each of which has to wait for the one before. */
  readonly pages: number
  /** Rows of a page. */
  readonly size: number
}

interface Measured {
  readonly seconds: number
  readonly maxRssKilobytes: number
}

type Contender = 'bare-loop' | 'run-fetcher'

const CONCURRENCIES = [1, 4, 16]
const DAY_MS = 86_400_000
const FIRST_DAY_MS = Date.parse('1990-01-01')

const [requests, rounds, parent, memoryRequests] = process.argv.slice(2)
await main(Number(requests ?? 1000), Number(rounds ?? 5), parent ?? tmpdir(), Number(memoryRequests ?? 10_000))

async function main(count: number, times: number, within: string, forMemory: number): Promise<void> {
  const folder = mkdtempSync(join(within, 'holdfast-bench-'))
  const server = fork(script('page-server'))
  try {
    const origin = `http://127.0.0.1:${(await message<{ port: number }>(server)).port}`
    const bench = (contender: Contender, load: Load, concurrency: number): Promise<Measured> =>
      measure(contender, load, concurrency, { origin, folder })
    console.log('load                                   at once   loop, items/s   fetcher, items/s   ratio')
    for (const load of loads(count)) {
      for (const concurrency of CONCURRENCIES) {
        const seconds: Record<Contender, number[]> = { 'bare-loop': [], 'run-fetcher': [] }
        for (let round = 0; round < times; round += 1) {
          const order: Contender[] = ['bare-loop', 'run-fetcher']
          for (const contender of round % 2 === 0 ? order : order.reverse())
            seconds[contender].push((await bench(contender, load, concurrency)).seconds)
        }
        print(load, concurrency, median(seconds['bare-loop']), median(seconds['run-fetcher']))
      }
    }
    const [load] = loads(forMemory)
    if (load === undefined || forMemory === 0) return
    for (const part of [forMemory, forMemory * 5]) {
      const { maxRssKilobytes, seconds } = await bench('run-fetcher', { ...load, requests: part }, 16)
      console.log(`memory: ${Math.round(maxRssKilobytes / 1000)} MB for ${part} requests (${Math.round(seconds)} s)`)
    }
  } finally {
    server.disconnect()
    rmSync(folder, { recursive: true })
  }
}

function loads(count: number): readonly Load[] {
  return [
    { name: 'an item is an answer of 4 kB', item: 'request', requests: count, pages: 1, size: 10 },
    { name: 'the same, 20 pages one after another', item: 'request', requests: count, pages: 20, size: 10 },
    { name: 'an item is an answer of 400 kB', item: 'request', requests: Math.ceil(count / 5), pages: 1, size: 1000 },
    { name: 'an item is a row, 10 in a page', item: 'row', requests: Math.ceil(count / 5), pages: 1, size: 10 },
    { name: 'an item is a row, 1000 in a page', item: 'row', requests: Math.ceil(count / 200), pages: 1, size: 1000 },
  ]
}

async function measure(
  contender: Contender,
  { requests: wanted, pages, size, item }: Load,
  concurrency: number,
  { origin, folder }: { readonly origin: string; readonly folder: string },
): Promise<Measured> {
  const days = Array.from({ length: Math.max(1, Math.round(wanted / pages)) }, (_, n) =>
    new Date(FIRST_DAY_MS + n * DAY_MS).toISOString().slice(0, 10),
  )
  const target = join(folder, 'target')
  const child = fork(script(contender), [
    JSON.stringify({ origin, days, pages, size, item, concurrency, folder: target }),
  ])
  const measured = await message<Measured>(child)
  if (child.exitCode === null) await once(child, 'exit')
  rmSync(target, { recursive: true })
  return measured
}

function print({ name, item, requests: wanted, size }: Load, concurrency: number, loop: number, fetcher: number): void {
  const items = wanted * (item === 'row' ? size : 1)
  const cells = [(items / loop).toFixed(0).padStart(16), (items / fetcher).toFixed(0).padStart(19)]
  console.log(
    `${name.padEnd(38)}${String(concurrency).padStart(8)}${cells.join('')}${(loop / fetcher).toFixed(2).padStart(8)}`,
  )
}

function script(name: string): string {
  return join(import.meta.dirname, 'fetcher', `${name}.mjs`)
}

async function message<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]: unknown[]): never => {
    throw new Error(`A process of the benchmark ended with exit code ${code}`)
  })
  ended.catch(() => undefined)
  const [received]: unknown[] = await Promise.race([once(child, 'message'), ended])
  return received as T
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
