import { setTimeout as sleep } from 'node:timers/promises'
import { FetcherProcess } from './fetcher-process.ts'
import { expectFinished } from './torture-fetcher.ts'
import type { TortureSite } from './torture-site.ts'

export interface MemoryReport {
  /** Median over the second tenth of the pages, and over the last. */
  readonly earlyBytes: number
  readonly lateBytes: number
  readonly seconds: number
  readonly violations: readonly string[]
}

const SAMPLE_MS = 100
/** What the garbage collector may leave lying about. */
const ALLOWED_GROWTH = 1.25

/** One fetcher that nobody disturbs: at the end of a long run it must not need more memory than early in it. */
export async function measureMemory(site: TortureSite): Promise<MemoryReport> {
  const total = site.options.days * site.options.pagesPerDay
  const begunMs = performance.now()
  // Without a limit the heap grows for a long time by what nobody has collected yet.
  const fetcher = new FetcherProcess(site.options.folder, ['--max-old-space-size=96'])
  const early: number[] = []
  const late: number[] = []
  while (!fetcher.isOver) {
    const done = site.given.size / total
    const bytes = fetcher.memoryBytes()
    if (bytes > 0 && done >= 0.1 && done < 0.2) early.push(bytes)
    if (bytes > 0 && done >= 0.9) late.push(bytes)
    await Promise.race([sleep(SAMPLE_MS), fetcher.exited])
  }
  const violations: string[] = []
  expectFinished(await fetcher.exited, violations)
  const [earlyBytes, lateBytes] = [median(early), median(late)]
  if (!(lateBytes <= earlyBytes * ALLOWED_GROWTH))
    violations.push(`A fetcher grew from ${earlyBytes} to ${lateBytes} bytes`)
  return { earlyBytes, lateBytes, seconds: (performance.now() - begunMs) / 1000, violations }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
