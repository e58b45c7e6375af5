/**
 * A simulated week of the archiver: 2,000 runs, a timer that starts it every hour, one kill a day, or as the arguments say.
 *
 * Usage: pnpm torture week [--runs N] [--days N] [--executions-per-day N] [--seed N]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { simulateWeek } from './week/simulate-week.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    days: { type: 'string', default: '7' },
    'executions-per-day': { type: 'string', default: '24' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'holdfast-week-'))
console.log(`Seed ${values.seed}, in ${folder}`)
const { executions, kills, outages, deletions, violations } = await simulateWeek({
  folder,
  runs: Number(values.runs),
  days: Number(values.days),
  executionsPerDay: Number(values['executions-per-day']),
  seed: Number(values.seed),
  log: (line) => console.log(line),
})
for (const violation of violations) console.error(violation)
console.log(
  `${executions} executions, ${kills} kills, ${outages} outages, ${deletions} deletions, ${violations.length} violations`,
)
if (violations.length === 0) rmSync(folder, { recursive: true })
process.exitCode = violations.length === 0 ? 0 : 1
