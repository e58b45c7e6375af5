/**
 * The archiver's main job on made-up run records: both stages, a failure, its repair and retry, and the report. Then a ledger of releases that mamfast shows
 * and mends.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
build()
const { RUN_RECORD_SCHEMA, writeRunRecord } = await import('@holdfast/testkit/run-record')

const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'))
const config = join(folder, 'config.yaml')
const broken = join(folder, 'run_records', '1003', 'pmtbot02.fcl')

say(`Run records, configuration and stores in ${folder}`)
for (let run = 1001; run <= 1006; run += 1)
  writeRunRecord(join(folder, 'run_records'), run, { bytes: 200_000 + (run % 5) * 150_000 })
const whole = readFileSync(broken, 'utf8')
writeFileSync(broken, whole.slice(0, whole.length / 2))
mkdirSync(join(folder, 'conf'))
writeFileSync(join(folder, 'conf', 'schema.fcl'), RUN_RECORD_SCHEMA)
writeFileSync(
  config,
  `app:
    work_dir: ${folder}/archiver
    log_file: \${work_dir}/archiver.log
    parallel_workers: 4
source_files:
    run_records_dir: ${folder}/run_records
artdaq_db:
    database_uri: filesystemdb://${folder}/artdaqdb
    fcl_conf_dir: ${folder}/conf
ucon_db:
    server_url: file://${folder}/ucondb
    folder_name: runs
    object_name: configuration
`,
)

say('Six run records through both stages; one of them is broken, so the exit code is 1')
archiver(1, '-q')
say('The failed run is in the failure log, and nothing of it was stored')
console.log(
  `$ cat ${folder}/archiver/import_failures.log\n${readFileSync(join(folder, 'archiver', 'import_failures.log'), 'utf8')}`,
)
say('The record is repaired, and the failed run is retried')
writeFileSync(broken, whole)
archiver(0, '-q', '--retry-failed-import')
say('The repaired run goes on into the archive')
archiver(0, '-q', '--migrate-only', '--validate')
say('The status report')
archiver(0, '-q', '--compare-state')

const ledger = join(folder, 'processed.json')
await fillLedger()
say('A ledger of releases: one is done, one was half done when its tracker failed, and one has lost its files')
mamfast(0, 'list')
say('What could not go on is looked at, and removed')
mamfast(0, 'prune', '--dry-run')
mamfast(0, 'prune')
say('The ledger is damaged; it is shown from its backup, as it was before the last change, and mended by the next one')
writeFileSync(ledger, readFileSync(ledger).subarray(0, 100))
mamfast(0, 'show', 'B0EXAMPLE2')
say('The failure is forgotten, so that the release goes on from its last checkpoint')
mamfast(0, 'retry', 'B0EXAMPLE2')
mamfast(0, 'list')

console.log(
  `Look around in ${folder}; the apps are run with
  npx -y pnpm@12.21.0 exec archiver ${config} --help
  npx -y pnpm@12.21.0 exec mamfast --state-file ${ledger} state list`,
)

async function fillLedger() {
  const { ReleaseLedger } = await import('@holdfast/state')
  const stage = (title) => {
    const stagingDir = join(folder, 'seed', title)
    mkdirSync(stagingDir, { recursive: true })
    return stagingDir
  }
  const done = { asin: 'B0EXAMPLE1', title: 'Glass Tide', author: 'Ida Marsh' }
  const failing = { asin: 'B0EXAMPLE2', title: 'Salt Roads', author: 'Rae Quill' }
  const lost = { asin: 'B0EXAMPLE3', title: 'Paper Harbour', author: 'Ida Marsh' }
  await using releases = await ReleaseLedger.open(ledger)
  await releases.checkpointStage({ ...done, stagingDir: stage(done.title) }, 'staged')
  await releases.checkpointStage(done, 'metadata')
  await releases.checkpointStage({ ...done, torrentPath: join(folder, 'Glass Tide.torrent') }, 'torrent')
  await releases.markProcessed(done, { infohash: '0f1e2d3c4b5a69788796a5b4c3d2e1f001234567' })
  await releases.checkpointStage({ ...failing, stagingDir: stage(failing.title) }, 'staged')
  await releases.markFailed(failing, new Error('tracker refused the upload'))
  await releases.checkpointStage({ ...lost, stagingDir: join(folder, 'seed', 'Paper Harbour') }, 'staged')
}

function build() {
  const turbo = join(root, 'node_modules', '.bin', 'turbo')
  const built = spawnSync(turbo, ['run', 'build', '--output-logs=errors-only'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
  })
  if (built.status === 0) return
  console.error(`${built.stdout}${built.stderr}\nThe build failed`)
  process.exit(1)
}

function archiver(expectedExitCode, ...flags) {
  console.log(`$ archiver config.yaml ${flags.join(' ')}`)
  app('archiver', expectedExitCode, [config, ...flags])
}

function mamfast(expectedExitCode, ...args) {
  console.log(`$ mamfast state ${args.join(' ')}`)
  app('mamfast', expectedExitCode, ['--state-file', ledger, 'state', ...args])
}

function app(name, expectedExitCode, args) {
  const bin = fileURLToPath(new URL(`bin/${name}.js`, import.meta.resolve(`@holdfast/${name}/package.json`)))
  const { status } = spawnSync(process.execPath, [bin, ...args], { stdio: 'inherit' })
  console.log(`(exit code ${status})`)
  if (status === expectedExitCode) return
  console.error(`Expected exit code ${expectedExitCode}`)
  process.exit(1)
}

function say(text) {
  console.log(`\n--- ${text}`)
}
