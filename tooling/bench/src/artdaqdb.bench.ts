/**
 * What storing one run costs while the database grows: the median around run 50, the median around run 5,000, and their ratio.
 *
 * Usage: node tooling/bench/src/artdaqdb.bench.ts [runs] [folder]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRunDatabase, type RunToStore } from '@holdfast/artdaqdb'

const EARLY_RUN = 50
const HALF_WIDTH = 25
const COMPONENTS = 4
const BATCH = 50
const SCHEMA = "run_history: [ { collection: RunHistory pattern: '(a)(b)(c)' } ]\n"

const [runs, folder] = process.argv.slice(2)
await main(Number(runs ?? 5000), folder ?? tmpdir())

async function main(lateRun: number, parent: string): Promise<void> {
  const root = mkdtempSync(join(parent, 'holdfast-bench-'))
  try {
    const database = await openRunDatabase({ uri: `filesystemdb://${root}` })
    const storeMs: number[] = []
    const foldMs: number[] = []
    for (let run = 1; run <= lateRun + HALF_WIDTH; run += 1) {
      storeMs.push(await timed(() => database.storeRun(smallRun(run))))
      // As the archiver does after each batch.
      if (run % BATCH === 0) foldMs.push(await timed(() => database.fold()))
    }
    const listMs = await timed(() => database.listRuns())
    await database.close()
    const early = median(storeMs.slice(EARLY_RUN - HALF_WIDTH, EARLY_RUN + HALF_WIDTH))
    const late = median(storeMs.slice(lateRun - HALF_WIDTH, lateRun + HALF_WIDTH))
    console.log(`store around run ${EARLY_RUN}: ${early.toFixed(2)} ms (${COMPONENTS + 4} documents)`)
    console.log(`store around run ${lateRun}: ${late.toFixed(2)} ms`)
    console.log(`ratio: ${(late / early).toFixed(2)} (at most 2 is promised)`)
    console.log(
      `fold after each ${BATCH} runs: first ${foldMs.at(0)?.toFixed(0)} ms, last ${foldMs.at(-1)?.toFixed(0)} ms`,
    )
    console.log(`list ${lateRun + HALF_WIDTH} runs: ${listMs.toFixed(0)} ms`)
  } finally {
    rmSync(root, { recursive: true })
  }
}

function smallRun(run: number): RunToStore {
  const components = Array.from({ length: COMPONENTS }, (_, at) => ({
    name: `component${at}.fcl`,
    text: `run: ${run}\nports: [ 1, 2, 3 ]\n`,
  }))
  const metadata = { name: 'metadata.fcl', text: 'config_name: "beam-00012"\n' }
  const update = { files: [{ name: 'RunHistory2.fcl', text: 'DAQInterface_start_time: "now"\n' }], schema: SCHEMA }
  return { run, configuration: 'beam-00012', files: [metadata, ...components], schema: SCHEMA, update }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
