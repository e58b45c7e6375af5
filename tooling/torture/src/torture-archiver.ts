import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '@holdfast/testkit/seeded-random'
import { expectEnd, runArchiver } from './archiver-process.ts'
import { findViolations } from './find-violations.ts'
import { type ArchiveSettings, makeTortureSite, type TortureSite } from './torture-site.ts'

export interface TortureOptions {
  /** An empty folder to work in. */
  readonly folder: string
  readonly runs: number
  readonly kills: number
  readonly workers: number
  readonly seed: number
  /** @default 20_000 */
  readonly recordBytes?: number
  /** An archive that holds nothing yet. @default an embedded one in the folder */
  readonly startArchive?: () => Promise<ArchiveSettings & AsyncDisposable>
}

export interface TortureReport {
  /** Executions that were ended by SIGKILL; the others were done before it came. */
  readonly kills: number
  readonly executions: number
  readonly violations: readonly string[]
}

/** What an operator or a timer would start next, over and over. */
const COMMANDS = [
  ['--incremental'],
  ['--incremental', '--catch-up'],
  ['--retry-failed-import'],
  ['--incremental'],
  ['--retry-failed-migrate'],
]

/** What ends every torture: nobody disturbs these. */
const FINAL_COMMANDS = [['--incremental', '--catch-up'], ['--retry-failed-import'], ['--retry-failed-migrate']]

/**
 * Kills the archiver with SIGKILL at random moments, restarts it until that many kills have happened, lets it finish and looks for violations.
 * When it is done before all kills have happened, it starts on fresh ground: the first execution is the one with most to lose.
 */
export async function tortureArchiver(options: TortureOptions): Promise<TortureReport> {
  const random = seededRandom(options.seed)
  const reference = makeSite('reference', {})
  const undisturbedMs = await timed(async () =>
    expectEnd(await runArchiver([reference.configPath, '-q']), reference.folder),
  )
  const violations: string[] = []
  let kills = 0
  let executions = 0
  for (let round = 1; kills < options.kills; round += 1) {
    await using archive = await options.startArchive?.()
    const site = makeSite(`round-${round}`, archive === undefined ? {} : { archive })
    let isDone = false
    for (let turn = 0; kills < options.kills && !isDone; turn += 1) {
      const exit = await runArchiver([site.configPath, '-q', ...(COMMANDS[turn % COMMANDS.length] ?? [])], {
        killAfterMs: random() * undisturbedMs,
      })
      executions += 1
      if (exit.signal === 'SIGKILL') kills += 1
      else expectEnd(exit, site.folder)
      isDone = turn % COMMANDS.length === 0 && exit.signal === null
    }
    for (const command of FINAL_COMMANDS) expectEnd(await runArchiver([site.configPath, '-q', ...command]), site.folder)
    violations.push(...(await findViolations(site, reference)).map((violation) => `round ${round}: ${violation}`))
  }
  return { kills, executions, violations }

  function makeSite(name: string, archive: { readonly archive?: ArchiveSettings }): TortureSite {
    const folder = join(options.folder, name)
    mkdirSync(folder)
    const { runs, workers, recordBytes = 20_000 } = options
    return makeTortureSite(folder, { runs, workers, recordBytes, ...archive })
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
