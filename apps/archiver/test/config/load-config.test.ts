import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { type LoadConfigOptions, loadConfig } from '../../src/index.js'

const dir = useTempDir()

const STORES = `source_files:
  run_records_dir: /daq/run_records
artdaq_db:
  database_uri: filesystemdb:///data/db_archive
  fcl_conf_dir: /data/conf
ucon_db:
  server_url: file:///data/ucondb
  folder_name: runs
  object_name: configuration
`

async function load(text: string, options: Partial<LoadConfigOptions> = {}) {
  const path = join(dir(), 'config.yaml')
  writeFileSync(path, text)
  return loadConfig(path, { env: {}, currentDir: '/here', ...options })
}

async function mistakes(text: string, options: Partial<LoadConfigOptions> = {}): Promise<string[]> {
  const error = await load(text, options).then(
    () => new Error('The configuration was accepted'),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', path: join(dir(), 'config.yaml') })
  return (error as Error).message.split('\n').slice(1)
}

describe('loadConfig() defaults', () => {
  test('are those of the original', async () => {
    const { config, warnings } = await load(STORES)
    expect(warnings).toEqual([])
    expect(config).toMatchObject({
      workDir: '/tmp/run_record_archiver',
      lockFile: '/tmp/run_record_archiver/.archiver.lock',
      import: {
        stateFile: '/tmp/run_record_archiver/importer_state.json',
        failureLog: '/tmp/run_record_archiver/import_failures.log',
      },
      migrate: {
        stateFile: '/tmp/run_record_archiver/migrator_state.json',
        failureLog: '/tmp/run_record_archiver/migrate_failures.log',
      },
      batchSize: 5,
      parallelWorkers: 2,
      retries: 2,
      retryDelayMs: 3000,
      excludeMostRecentRun: false,
      logLevel: 'INFO',
      logFile: undefined,
      generate: [
        'boot',
        'metadata',
        'known_boardreaders_list',
        'settings',
        'setup',
        'environment',
        'ranks',
        'RunHistory',
        'RunHistory2',
      ],
      fuzz: { skipPercent: 0, errorPercent: 0, skipIsFinal: false, errorIsFinal: false },
      archive: { timeoutMs: 10_000, tls: { verify: true } },
    })
  })

  test('of the paths follow a configured work folder, and --work-dir goes before it', async () => {
    const text = `app:\n  work_dir: /srv/w\n  log_file: \${work_dir}/a.log\n${STORES}`
    expect((await load(text)).config).toMatchObject({ lockFile: '/srv/w/.archiver.lock', logFile: '/srv/w/a.log' })
    expect((await load(text, { workDir: '/other' })).config).toMatchObject({
      workDir: '/other',
      lockFile: '/other/.archiver.lock',
      logFile: '/other/a.log',
    })
  })

  test('take the place of null values', async () => {
    const { config } = await load(
      `app:\n  work_dir: null\n  batch_size: null\n  log_file: null\napp_fuzz: null\n${STORES}`,
    )
    expect(config).toMatchObject({ workDir: '/tmp/run_record_archiver', batchSize: 5, logFile: undefined })
  })
})

describe('loadConfig() values', () => {
  test('may come as text, as expanded variables do', async () => {
    const text = `app:\n  batch_size: \${BATCH:-12}\n  retry_delay_seconds: "0.5"\n  exclude_most_recent_run: \${EXCLUDE}\n${STORES}`
    expect((await load(text, { env: { EXCLUDE: 'no' } })).config).toMatchObject({
      batchSize: 12,
      retryDelayMs: 500,
      excludeMostRecentRun: false,
    })
  })

  test('are read as YAML 1.1, in which yes is true', async () => {
    expect((await load(`app:\n  exclude_most_recent_run: yes\n${STORES}`)).config.excludeMostRecentRun).toBe(true)
  })

  test('that are relative paths belong to the current folder', async () => {
    expect((await load(`app:\n  work_dir: work\n${STORES}`)).config.lockFile).toBe('/here/work/.archiver.lock')
  })

  test.each([
    ['a list with endings', '[boot.txt, RunHistory.fcl]', ['boot', 'RunHistory']],
    ['a table with files', '{ files: [ranks] }', ['ranks']],
  ])('fhiclize_generate may be %s', async (_, value, names) => {
    expect((await load(`fhiclize_generate: ${value}\n${STORES}`)).config.generate).toEqual(names)
  })

  test('of the old mail settings are taken over with a warning', async () => {
    const text = `reporting:\n  send_email_on_error: true\n  recipient_email: a@b.c\n  sender_email: d@e.f\n  smtp_host: mail\n${STORES}`
    const { config, warnings } = await load(text)
    expect(config.reporting.email).toMatchObject({
      enabled: true,
      recipient_email: 'a@b.c',
      smtp_port: 587,
      smtp_use_tls: true,
    })
    expect(warnings).toEqual([expect.stringContaining("'reporting.send_email_on_error' is deprecated")])
  })
})

describe('loadConfig() mistakes', () => {
  test('are reported all at once, each with its line, key and what was expected', async () => {
    const text = `app:
  batch_size: five
  parallel_worker: 3
  log_level: LOUD
source_files: {}
artdaq_db:
  database_uri: filesystemdb:///data/db
ucon_db:
  server_url: ftp://x
  folder_name: runs
  object_name: configuration
  timeout_seconds: 0
extra: 1
`
    expect(await mistakes(text)).toEqual([
      "  line 2: app.batch_size: expected a whole number of at least 1, found 'five'",
      "  line 3: app.parallel_worker: there is no such key; did you mean 'parallel_workers'?",
      "  line 4: app.log_level: expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL, found 'LOUD'",
      '  line 5: source_files.run_records_dir: expected the folder that holds the run records, it is missing',
      '  line 7: artdaq_db.fcl_conf_dir: expected the folder that holds schema.fcl, it is missing',
      "  line 9: ucon_db.server_url: expected file:///absolute/folder, http://… or https://…, found 'ftp://x'",
      '  line 12: ucon_db.timeout_seconds: expected a number of seconds above 0, at most 86400, found 0',
      '  line 13: extra: there is no such key',
    ])
  })

  test.each([
    ['itself', 'app:\n  work_dir: ${work_dir}/x\n', 'circular reference app.work_dir -> app.work_dir'],
    [
      'a pair',
      'app:\n  work_dir: ${log_file}\n  log_file: ${app.work_dir}\n',
      'circular reference app.work_dir -> app.log_file -> app.work_dir',
    ],
    ['nothing', 'app:\n  work_dir: ${nowhere}/x\n', "${nowhere} refers to 'app.nowhere', which is not set"],
    [
      'a section',
      'app:\n  work_dir: ${app_fuzz.list}\napp_fuzz:\n  list: [1]\n',
      "${app_fuzz.list} refers to 'app_fuzz.list', which is not a single value",
    ],
  ])('a reference to %s is named', async (_, head, message) => {
    expect((await mistakes(head + STORES)).join('\n')).toContain(message)
  })

  test('between keys are reported along with those of other sections', async () => {
    const text = `app_fuzz:\n  random_skip_percent: many\nreporting:\n  slack:\n    enabled: true\n${STORES.replace('filesystemdb:', 'mongodb:')}`
    expect(await mistakes(text)).toEqual([
      expect.stringContaining('line 2: app_fuzz.random_skip_percent: '),
      expect.stringContaining('reporting.slack.bot_token: is required'),
      expect.stringContaining('reporting.slack.channel: is required'),
      expect.stringContaining('artdaq_db.database_uri: '),
    ])
  })

  test('never show the source line of a syntax error, which may hold a password', async () => {
    for (const line of ['writer_password: "s3cr3t', 'writer_password: s3cr3t: x']) {
      const path = join(dir(), 'config.yaml')
      writeFileSync(path, `ucon_db:\n  ${line}\n`)
      await expect(loadConfig(path, { env: {}, currentDir: '/' })).rejects.toThrow(/line \d, column \d+: (?!.*s3cr3t)/)
    }
  })

  test('of fhiclize_generate: an unknown key is named', async () => {
    expect((await mistakes(`fhiclize_generate: {filez: [boot]}\n${STORES}`)).join()).toContain(
      "fhiclize_generate.filez: there is no such key; did you mean 'files'?",
    )
  })

  test.each([
    [
      'through ..',
      'migrate_state_file: /w/x/../importer_state.json',
      'app.migrate_state_file: names a file that belongs to app.import_state_file',
    ],
    [
      'beside a state file',
      'import_failure_log: /w/importer_state.json.bak',
      'app.import_failure_log: names a file that belongs to app.import_state_file',
    ],
    [
      'as the lock of a state file',
      'lock_file: /w/importer_state.json.lock',
      'app.lock_file: names a file that belongs to app.import_state_file',
    ],
  ])('a file that another one needs is refused: %s', async (_, line, message) => {
    expect((await mistakes(`app:\n  work_dir: /w\n  ${line}\n${STORES}`)).join()).toContain(message)
  })

  test('references nest up to ten deep', async () => {
    const chain = (depth: number) =>
      Array.from({ length: depth }, (_, index) => `  smtp_${index}: "\${smtp_${index + 1}}"\n`).join('')
    const text = (depth: number) =>
      `app:\n  work_dir: /w\n  log_file: \${carbon.smtp_0}\ncarbon:\n${chain(depth)}  smtp_${depth}: /w/log\n${STORES}`
    expect((await mistakes(text(8))).join('\n')).not.toContain('nested')
    expect((await mistakes(text(12))).join('\n')).toContain('nested more than 10 deep')
  })

  test('a variable that is not set and leaves a required value empty is named', async () => {
    const text = STORES.replace('/daq/run_records', '${RUN_RECORDS}')
    expect(await mistakes(text)).toEqual([
      "  line 2: source_files.run_records_dir: expected the folder that holds the run records, found '' (the environment variable RUN_RECORDS is not set)",
    ])
  })

  test('never show a secret', async () => {
    const text = `${STORES}  writer_password: 12345678\nreporting:\n  slack:\n    bot_token: [xoxb-secret]\n`
    const found = (await mistakes(text)).join('\n')
    expect(found).toContain('ucon_db.writer_password: expected text in quotes, found a number')
    expect(found).toContain('reporting.slack.bot_token: expected text in quotes, found a list')
    expect(found).not.toMatch(/12345678|xoxb/)
  })

  test.each([
    [
      'mail',
      'reporting:\n  email:\n    enabled: true\n',
      ['recipient_email', 'sender_email', 'smtp_host'].map((key) => `reporting.email.${key}`),
    ],
    ['slack', 'reporting:\n  slack:\n    enabled: true\n', ['reporting.slack.bot_token', 'reporting.slack.channel']],
    ['carbon', 'carbon:\n  enabled: true\n', ['carbon.host', 'carbon.metric_prefix']],
  ])('%s that is enabled needs its keys', async (_, head, keys) => {
    expect(await mistakes(head + STORES)).toEqual(
      keys.map((key) => expect.stringContaining(`${key}: is required when enabled is true`)),
    )
  })

  test.each([
    [
      'a server with credentials in its address',
      'https://u:p@ucon:9443/app',
      "'https://ucon:9443/app' holds credentials",
    ],
    ['a relative folder', 'file:///data/%00', 'holds a NUL character'],
  ])('an archive on %s is refused without showing credentials', async (_, url, message) => {
    const found = (await mistakes(STORES.replace('file:///data/ucondb', url))).join('\n')
    expect(found).toContain('line 7: ucon_db.server_url: ')
    expect(found).toContain(message)
    expect(found).not.toContain('u:p')
  })

  test('a UconDB server needs a user and a password', async () => {
    expect(await mistakes(STORES.replace('file:///data/ucondb', 'https://ucon:9443/app'))).toEqual([
      expect.stringContaining('ucon_db.writer_user: is required for a UconDB server'),
      expect.stringContaining('ucon_db.writer_password: is required for a UconDB server'),
    ])
  })

  test('a file of certificates that cannot be read is named', async () => {
    const text = `${STORES.replace('file:///data/ucondb', 'https://ucon:9443/app')}  writer_user: w\n  writer_password: p\n  tls_ca_file: /nonexistent.pem\n`
    expect((await mistakes(text)).join('\n')).toContain(
      "line 12: ucon_db.tls_ca_file: The certificates in '/nonexistent.pem' cannot be read",
    )
  })

  test('a folder name that UconDB does not take is refused', async () => {
    expect((await mistakes(STORES.replace('folder_name: runs', 'folder_name: my-runs'))).join('\n')).toContain(
      'line 8: ucon_db.folder_name: ',
    )
  })

  test.each([
    ['MongoDB', 'mongodb://u:p@host/db', 'set artdaq_db.use_tools to true'],
    ['a bare path', '/data/db', "Cannot open '/data/db'"],
    ['a relative path', 'filesystemdb://data/db', 'it does not name an absolute folder'],
    ['a path with a blank', 'filesystemdb:///data/my db', 'would expand " " as a shell does'],
  ])('a database on %s is refused without showing credentials', async (_, uri, message) => {
    const found = (await mistakes(STORES.replace('filesystemdb:///data/db_archive', uri))).join('\n')
    expect(found).toContain('line 4: artdaq_db.database_uri: ')
    expect(found).toContain(message)
    expect(found).not.toContain('u:p@')
  })

  test('two files of the archiver under one name are refused', async () => {
    const text = `app:\n  work_dir: /w\n  import_state_file: /w/s.json\n  migrate_state_file: /w/s.json\n${STORES}`
    expect(await mistakes(text)).toEqual([
      '  line 4: app.migrate_state_file: names a file that belongs to app.import_state_file',
    ])
  })

  test.each([
    ['is not there', undefined, 'there is no such file'],
    ['is not UTF-8', Buffer.from([0x61, 0xff]), 'not valid UTF-8'],
    ['is empty', '', 'is empty or is not a table of sections'],
    ['is not YAML', 'app: [1\n', 'line 2, column 1'],
    ['refers to itself', 'app: &a [*a]\n', 'refers to itself'],
    ['holds a key twice', `app: {}\napp: {}\n${STORES}`, 'Map keys must be unique'],
  ])('a file that %s is named with the reason', async (_, content, message) => {
    const path = join(dir(), 'config.yaml')
    if (content !== undefined) writeFileSync(path, content)
    const loading = loadConfig(path, { env: {}, currentDir: '/' })
    await expect(loading).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining(message),
    })
    await expect(loading).rejects.toThrow(path)
  })
})
