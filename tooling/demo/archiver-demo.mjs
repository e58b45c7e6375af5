/** The archiver's main job on made-up run records: both stages, a failure, its repair and retry, and the report. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export async function demonstrate() {
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
  archiver(config, 1, '-q')
  say('The failed run is in the failure log, and nothing of it was stored')
  console.log(
    `$ cat ${folder}/archiver/import_failures.log\n${readFileSync(join(folder, 'archiver', 'import_failures.log'), 'utf8')}`,
  )
  say('The record is repaired, and the failed run is retried')
  writeFileSync(broken, whole)
  archiver(config, 0, '-q', '--retry-failed-import')
  say('The repaired run goes on into the archive')
  archiver(config, 0, '-q', '--migrate-only', '--validate')
  say('The status report')
  archiver(config, 0, '-q', '--compare-state')
  console.log(
    `Look around in ${folder}; the archiver is run with\n  npx -y pnpm@12.21.0 exec archiver ${config} --help`,
  )
}

function archiver(config, expectedExitCode, ...flags) {
  console.log(`$ archiver config.yaml ${flags.join(' ')}`)
  const bin = fileURLToPath(new URL('bin/archiver.js', import.meta.resolve('@holdfast/archiver/package.json')))
  const { status } = spawnSync(process.execPath, [bin, config, ...flags], { stdio: 'inherit' })
  console.log(`(exit code ${status})`)
  if (status === expectedExitCode) return
  console.error(`Expected exit code ${expectedExitCode}`)
  process.exit(1)
}

function say(text) {
  console.log(`\n--- ${text}`)
}
