import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Crash, crashSweep, startChild } from '@holdfast/testkit'
import { TxnStore, type TxnStoreOptions } from '@holdfast/txn-store'
import { expect } from 'vitest'
import { checkSurvival, readTold, type Step } from './survival.ts'

type StoreOptions = TxnStoreOptions<object>

export const SCENARIO: URL = new URL('fixtures/crash-scenario.mjs', import.meta.url)

/** A document that is there before the crash, and the commits that made it. */
export interface CrashSite {
  readonly folder: string
  readonly steps: readonly Step[]
}

/** Makes so many commits; with a journal none of them is in the readable file when `leave` is set. */
export async function makeSite(folder: string, commits: number, options: StoreOptions = {}): Promise<CrashSite> {
  mkdirSync(folder)
  const steps: Step[] = []
  const store = new TxnStore(join(folder, 'pipeline.json'), options)
  for (let n = 1; n <= commits; n += 1) {
    const data = { setup: n, list: Array.from({ length: n }, (_, index) => index) }
    await store.write(data, { operation: `setup-${n}` })
    steps.push({ operation: `setup-${n}`, data })
  }
  // With a journal nothing of it is in the readable file: closing would write that.
  if (options.journal !== true) await store.close()
  return { folder, steps }
}

/** What a kill before an operation leaves of a scenario, for the next crash; `recovered` is what the store has to say about it. */
export async function killedSite(
  scenario: string,
  site: CrashSite,
  crash: Crash,
  recovered: RegExp | undefined,
  options: StoreOptions = {},
): Promise<CrashSite> {
  const folder = `${site.folder}-killed`
  const probe = `${site.folder}-probe`
  cpSync(site.folder, folder, { recursive: true })
  const child = startChild(SCENARIO, {
    args: [scenario, join(folder, 'pipeline.json'), JSON.stringify(options)],
    crash,
  })
  expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
  cpSync(folder, probe, { recursive: true })
  const told = readTold(child.stdout(), site.steps)
  const survival = await checkSurvival(join(probe, 'pipeline.json'), options, told)
  expect(survival).toMatchObject({ violations: [], recovered: recovered ? [expect.stringMatching(recovered)] : [] })
  return { folder, steps: survival.committed.slice(0, -1) }
}

export interface SweepResult {
  readonly kills: number
  /** How many of the scenario's commits were found, over all crash points. */
  readonly found: ReadonlySet<number>
}

/** Kills the scenario before each of its operations, each time on a fresh copy of the site, and checks what is left. */
export async function sweepScenario(
  scenario: string,
  site: CrashSite,
  options: StoreOptions = {},
  sweep: { readonly from?: number; readonly step?: number } = {},
): Promise<SweepResult> {
  const work = `${site.folder}-work`
  const path = join(work, 'pipeline.json')
  const found = new Set<number>()
  const kills = await crashSweep(
    SCENARIO,
    {
      ...sweep,
      args: [scenario, path, JSON.stringify(options)],
      prepare: () => {
        rmSync(work, { recursive: true, force: true })
        cpSync(site.folder, work, { recursive: true })
      },
    },
    async (operation, child) => {
      const told = readTold(child.stdout(), site.steps)
      const { violations, committed } = await checkSurvival(path, options, told)
      expect(violations, `killed before operation ${operation}, ${told.inFlight.length} in flight`).toEqual([])
      found.add(committed.length - 1 - site.steps.length)
    },
  )
  return { kills, found }
}
