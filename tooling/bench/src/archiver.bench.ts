/**
 * Run records through both stages into local stores, beside its floor: reading the same input and writing the same output bytes with one fsync
 * per file, and the memory it takes for a quarter of the runs and for all of them.
 *
 * Usage: node tooling/bench/src/archiver.bench.ts [runs] [folder]
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RUN_RECORD_SCHEMA, writeRunRecord } from '@holdfast/testkit/run-record'

const RECORD_BYTES = 200_000
const WORKERS = 4
const MEASURED_RUN = `import { run } from '@holdfast/archiver'
process.exitCode = await run(process)
process.stderr.write(JSON.stringify({ maxRssKilobytes: process.resourceUsage().maxRSS }))`

const [runs, folder] = process.argv.slice(2)
await main(Number(runs ?? 1000), folder ?? tmpdir())

async function main(count: number, parent: string): Promise<void> {
  const root = mkdtempSync(join(parent, 'holdfast-bench-'))
  try {
    const part = archive(layOut(join(root, 'part'), Math.ceil(count / 4)))
    const whole = archive(layOut(join(root, 'whole'), count))
    const floorSeconds = await measureFloor(join(root, 'whole'), join(root, 'floor'))
    const { seconds, maxRssMegabytes } = whole
    console.log(`${count} records of ${RECORD_BYTES / 1000} kB, ${WORKERS} workers, both stages`)
    console.log(`archiver: ${seconds.toFixed(1)} s, ${Math.round((count / seconds) * 60)} runs a minute`)
    console.log(`floor:    ${floorSeconds.toFixed(1)} s (read the input, write the same files with one fsync each)`)
    console.log(`ratio:    ${(seconds / floorSeconds).toFixed(2)}`)
    console.log(
      `memory:   ${part.maxRssMegabytes} MB for a quarter of the runs, ${maxRssMegabytes} MB for all (highest resident set)`,
    )
  } finally {
    rmSync(root, { recursive: true })
  }
}

function layOut(site: string, count: number): string {
  for (let run = 1; run <= count; run += 1) writeRunRecord(join(site, 'run_records'), run, { bytes: RECORD_BYTES })
  mkdirSync(join(site, 'conf'))
  writeFileSync(join(site, 'conf', 'schema.fcl'), RUN_RECORD_SCHEMA)
  const config = join(site, 'config.yaml')
  writeFileSync(
    config,
    `app: { work_dir: ${site}/work, batch_size: ${count}, parallel_workers: ${WORKERS} }
source_files: { run_records_dir: ${site}/run_records }
artdaq_db: { database_uri: 'filesystemdb://${site}/artdaqdb', fcl_conf_dir: ${site}/conf }
ucon_db: { server_url: 'file://${site}/ucondb', folder_name: runs, object_name: configuration }
`,
  )
  return config
}

function archive(config: string): { readonly seconds: number; readonly maxRssMegabytes: number } {
  const started = performance.now()
  const args = ['--input-type=module', '--eval', MEASURED_RUN, '--', 'archiver', config, '-q']
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: import.meta.dirname, encoding: 'utf8' })
  if (status !== 0) throw new Error(`The archiver ended with exit code ${status}:\n${stderr}`)
  const { maxRssKilobytes }: { maxRssKilobytes: number } = JSON.parse(stderr)
  return { seconds: (performance.now() - started) / 1000, maxRssMegabytes: Math.round(maxRssKilobytes / 1000) }
}

async function measureFloor(site: string, target: string): Promise<number> {
  const outputs = [
    join(site, 'artdaqdb', 'RunHistory'),
    join(site, 'artdaqdb', 'SystemLayout'),
    join(site, 'ucondb', 'runs', 'configuration'),
  ]
  const bodies = outputs.flatMap((directory) => filesIn(directory).map((path) => readFileSync(path)))
  mkdirSync(target)
  const started = performance.now()
  const records = join(site, 'run_records')
  await eachOf(readdirSync(records), async (run) => {
    for (const path of filesIn(join(records, run))) await readFile(path)
  })
  await eachOf(bodies.entries(), async ([index, body]) => {
    const handle = await open(join(target, String(index)), 'wx')
    await handle.writeFile(body)
    await handle.sync()
    await handle.close()
  })
  return (performance.now() - started) / 1000
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(directory, entry.name))
}

async function eachOf<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = Iterator.from(items)
  await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      for (const item of queue) await work(item)
    }),
  )
}
