import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RUN_RECORD_SCHEMA, writeRunRecord } from '@holdfast/testkit/run-record'

/** Where an archive is: an embedded one in the folder, or a server. */
export interface ArchiveSettings {
  readonly serverUrl: string
  readonly writer?: { readonly user: string; readonly password: string }
}

/** A folder with run records, a configuration and room for the stores. */
export interface TortureSite {
  readonly folder: string
  readonly configPath: string
  readonly workDir: string
  readonly databaseDir: string
  readonly databaseUri: string
  readonly archive: ArchiveSettings
  readonly goodRuns: readonly number[]
  readonly badRuns: readonly number[]
}

export interface SiteOptions {
  readonly runs: number
  readonly workers: number
  /** Bytes of each record. */
  readonly recordBytes: number
  readonly archive?: ArchiveSettings
  /** @default all at once */
  readonly batchSize?: number
  /** Which records cannot be stored. @default one in 13, but never the last: a recovery knows of no attempt beyond what is stored */
  readonly isBad?: (run: number) => boolean
}

const FIRST_RUN = 1000
const BAD_EVERY = 13

export function makeTortureSite(folder: string, options: SiteOptions): TortureSite {
  const records = join(folder, 'run_records')
  const databaseDir = join(folder, 'artdaqdb')
  const archive = options.archive ?? { serverUrl: `file://${folder}/ucondb` }
  const runs = Array.from({ length: options.runs }, (_, index) => FIRST_RUN + index)
  const badRuns = runs.filter(options.isBad ?? ((run) => run % BAD_EVERY === 5 && run !== runs.at(-1)))
  for (const run of runs) writeRunRecord(records, run, { bytes: options.recordBytes })
  for (const run of badRuns) spoilRecord(records, run)
  mkdirSync(join(folder, 'conf'))
  writeFileSync(join(folder, 'conf', 'schema.fcl'), RUN_RECORD_SCHEMA)
  const site: TortureSite = {
    folder,
    configPath: join(folder, 'config.yaml'),
    workDir: join(folder, 'work'),
    databaseDir,
    databaseUri: `filesystemdb://${databaseDir}`,
    archive,
    goodRuns: runs.filter((run) => !badRuns.includes(run)),
    badRuns,
  }
  writeFileSync(site.configPath, configuration(site, options))
  return site
}

/** Cuts a file of the record, and returns what mends it. */
export function spoilRecord(records: string, run: number): () => void {
  const path = join(records, String(run), 'tpc01.fcl')
  const whole = readFileSync(path, 'utf8')
  writeFileSync(path, whole.slice(0, whole.length / 2))
  return () => writeFileSync(path, whole)
}

function configuration(
  { folder, workDir, databaseUri, archive }: TortureSite,
  { workers, batchSize = 100_000 }: SiteOptions,
): string {
  const writer =
    archive.writer === undefined
      ? ''
      : `  writer_user: ${archive.writer.user}\n  writer_password: ${archive.writer.password}\n`
  return `app:
  work_dir: ${workDir}
  batch_size: ${batchSize}
  parallel_workers: ${workers}
  retry_delay_seconds: 0
source_files:
  run_records_dir: ${folder}/run_records
artdaq_db:
  database_uri: ${databaseUri}
  fcl_conf_dir: ${folder}/conf
ucon_db:
  server_url: ${archive.serverUrl}
  folder_name: runs
  object_name: configuration
${writer}`
}
