/**
 * The long torture of the store: 500 kills at random moments, then 4 processes in tight loops for 10 seconds in either mode.
 *
 * Usage: pnpm torture store [--kills N] [--seconds N] [--seed N]
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { contend } from './contend.ts'
import { tortureStore } from './torture-store.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'holdfast-torture-'))
const seed = Number(values.seed)
console.log(`Seed ${seed}, in ${folder}`)
const { kills, acknowledged, inFlightDone, inFlightUndone, recovered, ...torture } = await tortureStore({
  folder,
  kills: Number(values.kills),
  seed,
})
console.log(
  `${kills} kills, ${acknowledged} acknowledged commits, ${inFlightDone + inFlightUndone} under way (${inFlightDone} done, ${inFlightUndone} undone), ` +
    `${recovered} recoveries, ${torture.violations.length} violations`,
)
const violations = [...torture.violations]
for (const journal of [false, true]) {
  const place = join(folder, `contention-${journal ? 'journal' : 'file'}`)
  mkdirSync(place)
  const report = await contend(place, 4, Number(values.seconds) * 1000, { journal })
  console.log(
    `4 processes, ${values.seconds} s, journal ${journal}: ${report.count} commits (${report.perProcess.join(', ')}), ` +
      `longest wait ${Math.round(report.longestMs)} ms, ${report.violations.length} violations`,
  )
  violations.push(...report.violations)
}
for (const violation of violations) console.error(violation)
if (violations.length === 0) rmSync(folder, { recursive: true })
process.exitCode = violations.length === 0 ? 0 : 1
