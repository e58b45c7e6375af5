/**
 * Fetchers that are killed with SIGKILL at random moments and started again, then left to finish. What has to hold in the end: `findViolations`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type FetcherExit, FetcherProcess } from './fetcher-process.ts'
import { findViolations, type TortureFindings } from './find-violations.ts'
import type { TortureSite } from './torture-site.ts'

export interface TortureOptions {
  readonly site: TortureSite
  readonly kills: number
  /** At the same time. */
  readonly fetchers: number
  readonly random: () => number
}

export interface TortureReport extends TortureFindings {
  readonly kills: number
  readonly seconds: number
  readonly violations: readonly string[]
}

/** One kill in four comes before a fetcher has done much, if anything. */
const EARLY_SHARE = 0.25
const EARLY_MS = 700
const LATE_MS = 30
const POLL_MS = 2

export async function tortureFetcher({ site, kills, fetchers, random }: TortureOptions): Promise<TortureReport> {
  const begunMs = performance.now()
  const killedAtMs: number[] = []
  const problems: string[] = []
  const total = site.options.days * site.options.pagesPerDay
  let begun = 0
  let isDone = false

  /** Waits for a moment of the life of this process: one that comes early, or one after so many more pages that all kills find some left. */
  const waitForMoment = async (fetcher: FetcherProcess): Promise<void> => {
    const early = random() < EARLY_SHARE
    const left = total - site.given.size
    const share = left / (kills - begun + 2)
    const pages = site.given.size + (early ? 0 : Math.min(random() * share * 1.5 * fetchers, left * 0.8))
    while (site.given.size < pages && !fetcher.isOver) await sleep(POLL_MS)
    await Promise.race([sleep(random() * (early ? EARLY_MS : LATE_MS)), fetcher.exited])
  }

  const killAgainAndAgain = async (): Promise<void> => {
    while (begun < kills && !isDone) {
      begun += 1
      const fetcher = new FetcherProcess(site.options.folder)
      await waitForMoment(fetcher)
      fetcher.kill()
      const exit = await fetcher.exited
      if (exit.signal === 'SIGKILL') killedAtMs.push(performance.now())
      else isDone = expectFinished(exit, problems)
    }
  }

  await Promise.all(Array.from({ length: fetchers }, killAgainAndAgain))
  const last = Array.from({ length: fetchers }, () => new FetcherProcess(site.options.folder))
  for (const { exited } of last) expectFinished(await exited, problems)
  if (killedAtMs.length < kills) problems.push(`Only ${killedAtMs.length} of ${kills} kills hit a fetcher`)
  const findings = findViolations(site, { killedAtMs, fetchers })
  return {
    ...findings,
    kills: killedAtMs.length,
    seconds: (performance.now() - begunMs) / 1000,
    violations: [...problems, ...findings.violations],
  }
}

/** Adds what is wrong about an end of its own; whether it was one. */
export function expectFinished({ code, signal, stdout, stderr }: FetcherExit, problems: string[]): boolean {
  if (code !== 0) problems.push(`A fetcher ended with ${code ?? signal}: ${stderr}`)
  else {
    const { end, ok, left } = JSON.parse(stdout) as { end: string; ok: boolean; left: Record<string, unknown>[] }
    const waits = left.some((each) => [each['ready'], each['leased'], each['retries'], each['givenUp']].some(Boolean))
    if (end !== 'finished' || !ok || waits) problems.push(`A fetcher ended, and something is left: ${stdout}`)
  }
  return true
}
