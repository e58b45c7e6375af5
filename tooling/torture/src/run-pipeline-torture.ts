/**
 * Tortures the orchestrator of pipelines: 100 kills over 20 runs with 4 jobs, or as the arguments say.
 *
 * Usage: pnpm torture pipeline [--kills N] [--runs N] [--jobs N] [--chunks N] [--seed N]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { torturePipeline } from './pipeline/torture-pipeline.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    runs: { type: 'string', default: '20' },
    jobs: { type: 'string', default: '4' },
    chunks: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'holdfast-torture-'))
console.log(`Seed ${values.seed}, in ${folder}`)
const { kills, phaseKills, executions, violations } = await torturePipeline({
  folder,
  kills: Number(values.kills),
  runs: Number(values.runs),
  jobs: Number(values.jobs),
  chunks: Number(values.chunks),
  seed: Number(values.seed),
})
for (const violation of violations) console.error(violation)
console.log(
  `${kills} orchestrators and ${phaseKills} phases killed in ${executions} executions, ${violations.length} violations`,
)
if (violations.length === 0) rmSync(folder, { recursive: true })
process.exitCode = violations.length === 0 ? 0 : 1
