import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '@holdfast/testkit/seeded-random'
import { type ArchiverExit, expectEnd, runArchiver } from '../archiver-process.ts'
import { findViolations } from '../find-violations.ts'
import { makeTortureSite, spoilRecord, type TortureSite } from '../torture-site.ts'
import { planArrivals } from './arrivals.ts'
import { findUntruths, type StatusReport } from './check-report.ts'

export interface WeekOptions {
  /** An empty folder to work in. */
  readonly folder: string
  readonly runs: number
  readonly days: number
  /** Timer executions a day. */
  readonly executionsPerDay: number
  /** Of the executions, how many find a store away. @default 0.06 */
  readonly outageShare?: number
  readonly seed: number
  /** Told what happens. */
  readonly log?: (line: string) => void
}

export interface WeekReport {
  readonly executions: number
  readonly kills: number
  readonly outages: number
  readonly deletions: number
  readonly violations: readonly string[]
}

const MONDAY = Date.UTC(2026, 0, 5)
const DAY_MS = 86_400_000
const BROKEN_SHARE = 0.05
const STATE_FILES = ['importer_state.json', 'migrator_state.json', 'import_failures.log', 'migrate_failures.log']

/**
 * A week of the archiver's life on a clock of its own: run records appear out of order and some of them broken, a timer starts it, stores are away now and then,
 * it is killed once a day, operators delete its lock and state files, mend records and retry. In the end both stores must be complete, and every report on the
 * way must have told the truth.
 */
export async function simulateWeek(options: WeekOptions): Promise<WeekReport> {
  const { folder, runs, days, executionsPerDay, outageShare = 0.06, seed, log = () => undefined } = options
  const random = seededRandom(seed)
  const site = makeSite('site')
  const recordsDir = join(site.folder, 'run_records')
  const waitingDir = join(site.folder, 'not_yet_taken')
  renameSync(recordsDir, waitingDir)
  mkdirSync(recordsDir)
  const arrivals = planArrivals(site.goodRuns, days * executionsPerDay, random)
  const menders = new Map<number, () => void>()
  const violations: string[] = []
  const count = { executions: 0, kills: 0, outages: 0, deletions: 0 }
  let clock = MONDAY
  let usualMs = 1000

  for (let day = 0; day < days; day += 1) {
    const at = (share: number): number => Math.floor(share * executionsPerDay)
    const killedAt = at(random())
    const deletedAt = at(random())
    for (let turn = 0; turn < executionsPerDay; turn += 1) {
      clock = MONDAY + day * DAY_MS + (turn * DAY_MS) / executionsPerDay
      reveal(arrivals.get(day * executionsPerDay + turn) ?? [])
      if (turn === deletedAt) await deleteSomething()
      if (turn === killedAt) await killOne()
      else if (random() < outageShare) await outage()
      else await timer()
      if (turn === at(0.5)) await operatorMends(0.7)
    }
    await execute('--incremental', '--catch-up')
    await compare(`day ${day + 1}`)
  }
  await operatorMends(1)
  await finish()
  violations.push(...(await findViolations(site, await makeReference())))
  const last = await compare('the end')
  if (last.recommendations[0]?.kind !== 'synchronized') violations.push('the last report does not say synchronized')
  return { ...count, violations }

  function makeSite(name: string): TortureSite {
    mkdirSync(join(folder, name))
    const batchSize = Math.ceil((2 * runs) / (days * executionsPerDay))
    const sizes = { runs, workers: 2, recordBytes: 2_000, batchSize }
    return makeTortureSite(join(folder, name), { ...sizes, isBad: () => false })
  }

  function reveal(arrived: readonly number[]): void {
    for (const run of arrived) {
      renameSync(join(waitingDir, String(run)), join(recordsDir, String(run)))
      if (random() < BROKEN_SHARE) menders.set(run, spoilRecord(recordsDir, run))
    }
  }

  async function timer(): Promise<void> {
    const began = performance.now()
    await execute('--incremental')
    usualMs = performance.now() - began
  }

  async function execute(...args: string[]): Promise<ArchiverExit> {
    count.executions += 1
    const exit = await runArchiver([site.configPath, '-q', ...args], { startAtMs: clock })
    expectEnd(exit, site.folder)
    return exit
  }

  /** Sooner and sooner, should it have ended before. */
  async function killOne(): Promise<void> {
    for (let limitMs = usualMs; ; limitMs /= 2) {
      count.executions += 1
      const killAfterMs = random() * limitMs
      const exit = await runArchiver([site.configPath, '-q', '--incremental'], { startAtMs: clock, killAfterMs })
      if (exit.signal === 'SIGKILL') {
        count.kills += 1
        return log(`killed after ${Math.round(killAfterMs)} ms`)
      }
      expectEnd(exit, site.folder)
    }
  }

  /** One of the three places is not mounted; the execution must say so, and make nothing anew in its place. */
  async function outage(): Promise<void> {
    const places = [recordsDir, site.databaseDir, join(site.folder, 'ucondb')].filter((path) => existsSync(path))
    const place = places[Math.floor(random() * places.length)] ?? recordsDir
    renameSync(place, `${place}.away`)
    const exit = await execute('--incremental')
    if (exit.code !== 1) violations.push(`'${place}' was away, and the exit code was ${exit.code}`)
    rmSync(place, { recursive: true, force: true })
    renameSync(`${place}.away`, place)
    count.outages += 1
    log(`'${place}' was away`)
  }

  async function deleteSomething(): Promise<void> {
    count.deletions += 1
    const files = ['.archiver.lock', ...STATE_FILES]
    const file = files[Math.floor(random() * files.length)] ?? '.archiver.lock'
    rmSync(join(site.workDir, file), { force: true })
    log(`an operator deleted ${file}`)
    if (file === '.archiver.lock') return
    await execute('--recover-import-state')
    await execute('--recover-migrate-state')
  }

  async function operatorMends(share: number): Promise<void> {
    for (const [run, mend] of menders) {
      if (random() >= share) continue
      mend()
      menders.delete(run)
    }
    await execute('--retry-failed-import')
    await execute('--retry-failed-migrate')
  }

  async function finish(): Promise<void> {
    for (let turn = 0; turn <= executionsPerDay; turn += 1) {
      const { stdout } = await execute('--incremental', '--catch-up', '--json')
      const { stages } = JSON.parse(stdout) as { stages: readonly { remaining: number; late: readonly number[] }[] }
      if (stages.every(({ remaining, late }) => remaining === 0 && late.length === 0)) break
    }
    await execute('--retry-failed-import')
    await execute('--retry-failed-migrate')
  }

  async function compare(when: string): Promise<StatusReport> {
    const { stdout } = await execute('--report-status', '--compare-state', '--json')
    const report = JSON.parse(stdout) as StatusReport
    const untruths = await findUntruths(report, site, recordsDir)
    violations.push(...untruths.map((untruth) => `${when}: ${untruth}`))
    log(`${when}: ${report.filesystem.totalRuns} records, ${report.ucondb.totalRuns} archived`)
    return report
  }

  async function makeReference(): Promise<TortureSite> {
    const reference = makeSite('reference')
    for (let left = runs; left > 0; left -= 1) {
      const exit = await runArchiver([reference.configPath, '-q', '--import-only', '--json'])
      expectEnd(exit, reference.folder)
      if ((JSON.parse(exit.stdout) as { stages: { remaining: number }[] }).stages[0]?.remaining === 0) break
    }
    return reference
  }
}
