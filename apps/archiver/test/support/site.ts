import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RUN_RECORD_SCHEMA, type RunRecordOptions, writeRunRecord } from '@holdfast/testkit/run-record'

export type Settings = Readonly<Record<string, string | number | boolean>>

/** A folder with everything one archiver needs: run records, schema, configuration and room for both stores. */
export interface Site {
  readonly dir: string
  readonly configPath: string
  readonly recordsDir: string
  readonly workDir: string
  readonly databaseDir: string
  readonly archiveDir: string
  addRuns(runs: Iterable<number>, options?: RunRecordOptions): void
  /** Spoils a file of a record so that it cannot be stored, and returns what mends it. */
  breakRun(run: number): () => void
  configure(app?: Settings, extra?: string, ucondb?: Settings): void
  /** Contents of a file of the work folder, `undefined` when it is not there. */
  work(name: string): string | undefined
  state(stage: 'importer' | 'migrator'): unknown
  failures(stage: 'import' | 'migrate'): number[]
  archived(): number[]
  blob(run: number): string
}

export function makeSite(dir: string): Site {
  const recordsDir = join(dir, 'run_records')
  const workDir = join(dir, 'work')
  const archiveDir = join(dir, 'ucondb')
  const objectDir = join(archiveDir, 'runs', 'configuration')
  const work = (name: string): string | undefined => {
    const path = join(workDir, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }
  const site: Site = {
    dir,
    configPath: join(dir, 'config.yaml'),
    recordsDir,
    workDir,
    databaseDir: join(dir, 'artdaqdb'),
    archiveDir,
    addRuns(runs, options) {
      // Each appears as a whole, so that an archiver that is at work never sees half of one.
      for (const run of runs) {
        const record = writeRunRecord(join(dir, 'records_in_the_making'), run, { bytes: 2_000, ...options })
        const place = join(recordsDir, String(run))
        rmSync(place, { recursive: true, force: true })
        renameSync(record, place)
      }
    },
    breakRun(run) {
      const path = join(recordsDir, String(run), 'tpc01.fcl')
      const whole = readFileSync(path)
      writeFileSync(path, 'daq: { board_id: [1, 2\n')
      return () => writeFileSync(path, whole)
    },
    configure(app = {}, extra = '', ucondb = {}) {
      const settings = { retry_delay_seconds: 0, work_dir: workDir, ...app }
      const lines = Object.entries(settings).map(([key, value]) => `  ${key}: ${value}\n`)
      const archive = {
        server_url: `file://${archiveDir}`,
        folder_name: 'runs',
        object_name: 'configuration',
        ...ucondb,
      }
      const archiveLines = Object.entries(archive).map(([key, value]) => `  ${key}: ${value}\n`)
      writeFileSync(
        site.configPath,
        `app:\n${lines.join('')}source_files:\n  run_records_dir: ${recordsDir}\nartdaq_db:\n  database_uri: filesystemdb://${site.databaseDir}\n  fcl_conf_dir: ${dir}/conf\nucon_db:\n${archiveLines.join('')}${extra}`,
      )
    },
    work,
    state: (stage) => JSON.parse(work(`${stage}_state.json`) ?? 'null'),
    failures: (stage) => (work(`${stage}_failures.log`) ?? '').split('\n').filter(Boolean).map(Number),
    archived: () =>
      (existsSync(objectDir) ? readdirSync(objectDir) : [])
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .sort((a, b) => a - b),
    blob: (run) => readFileSync(join(objectDir, String(run)), 'utf8'),
  }
  mkdirSync(recordsDir)
  mkdirSync(join(dir, 'conf'))
  writeFileSync(join(dir, 'conf', 'schema.fcl'), RUN_RECORD_SCHEMA)
  site.configure()
  return site
}
