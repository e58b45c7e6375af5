import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FileLock } from '@holdfast/lock'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { parsePrometheus } from '../src/metrics/prometheus-text.js'
import { blackHole, refusedPort, serveLines, serveOtlp } from './support/metrics-servers.js'
import { runArchiver } from './support/run-archiver.js'
import { makeSite, type Site } from './support/site.js'
import { spawnArchiver } from './support/spawn-archiver.js'

const dir = useTempDir()
const TLS = new URL('test/fixtures/tls/', import.meta.resolve('@holdfast/ucondb/package.json'))
const NOON = Date.UTC(2026, 10, 21, 12)
const now = () => NOON

function siteOf(runs: readonly number[], extra: string): Site {
  const site = makeSite(dir())
  site.addRuns(runs)
  site.configure({ run_process_retries: 0 }, extra)
  return site
}

const pauseIt = (socket: Socket) => {
  socket.pause()
  return 'ignore' as const
}
const resetIt = (socket: Socket) => {
  socket.resetAndDestroy()
  return 'ignore' as const
}
const carbonOn = (port: number) =>
  `carbon:\n  enabled: true\n  host: 127.0.0.1\n  port: ${port}\n  metric_prefix: icarus.archiver\n`
const otlpTo = (endpoint: string, more = '') =>
  `metrics:\n  otlp:\n    enabled: true\n    endpoint: ${endpoint}\n${more}`

describe('archiver with Carbon', () => {
  test('an execution reports its stages and store calls under the names of the Python archiver', async () => {
    const server = await serveLines()
    const site = siteOf([1, 2, 3], carbonOn(server.port))
    site.breakRun(2)
    const { code } = await runArchiver([site.configPath], { now })
    expect(code).toBe(1)
    const seconds = NOON / 1000
    expect(server.lines).toEqual(
      expect.arrayContaining([
        `icarus.archiver.import.runs_processed 3 ${seconds}`,
        `icarus.archiver.import.runs_successful 2 ${seconds}`,
        `icarus.archiver.import.runs_failed 1 ${seconds}`,
        `icarus.archiver.import.last_successful_run 3 ${seconds}`,
        `icarus.archiver.import.failures_logged 1 ${seconds}`,
        `icarus.archiver.import.backlog_runs 1 ${seconds}`,
        `icarus.archiver.migrate.runs_processed 2 ${seconds}`,
        `icarus.archiver.migrate.runs_successful 2 ${seconds}`,
        `icarus.archiver.migrate.runs_failed 0 ${seconds}`,
        `icarus.archiver.migrate.last_successful_run 3 ${seconds}`,
        `icarus.archiver.total.lag_runs 0 ${seconds}`,
      ]),
    )
    for (const line of server.lines) expect(line).toMatch(/^icarus\.archiver\.[\w.]+ \d+(\.\d{1,3})? \d+$/)
    const timed = server.lines.flatMap((line) => /archiver\.(\w+DBClient\.\w+)\.duration_ms/.exec(line)?.[1] ?? [])
    expect([...new Set(timed)].sort()).toEqual(
      expect.arrayContaining([
        'ArtdaqDBClient.archive_run',
        'ArtdaqDBClient.export_run_configuration',
        'ArtdaqDBClient.get_archived_runs',
        'UconDBClient.get_data',
        'UconDBClient.get_existing_runs',
        'UconDBClient.upload_blob',
      ]),
    )
  })

  test('an execution with nothing to do reports zeros and no last run; a retry of old runs does not set the last run back', async () => {
    const server = await serveLines()
    const site = siteOf([1, 2], carbonOn(server.port))
    const mend = site.breakRun(1)
    await runArchiver([site.configPath, '--import-only'])
    await runArchiver([site.configPath, '--import-only', '--incremental'])
    mend()
    await runArchiver([site.configPath, '--retry-failed-import'])
    const values = (name: string) =>
      server.lines.flatMap((line) => new RegExp(`\\.import\\.${name} (\\d+) `).exec(line)?.[1] ?? [])
    expect({ processed: values('runs_processed'), last: values('last_successful_run') }).toEqual({
      processed: ['2', '0', '1'],
      last: ['2'],
    })
  })

  test.each<[what: string, makePort: () => Promise<number>]>([
    ['refuses', refusedPort],
    ['answers nothing at all', blackHole],
    ['takes connections and reads nothing', async () => (await serveLines({ onConnection: pauseIt })).port],
    ['resets every connection', async () => (await serveLines({ onConnection: resetIt })).port],
  ])('a host that %s changes neither result nor state and costs at most about a second', async (_, makePort) => {
    const site = siteOf([1, 2, 3], '')
    site.breakRun(2)
    const plain = await runArchiver([site.configPath, '--dry-run'])
    expect(plain.code).toBe(0)
    const port = await makePort()
    site.configure({ run_process_retries: 0 }, carbonOn(port))
    const archiver = spawnArchiver([site.configPath])
    await archiver.logged('Finished with failures')
    const finishedAt = performance.now()
    const { code, stdout } = await archiver.finished
    expect(performance.now() - finishedAt).toBeLessThan(4000)
    expect(code).toBe(1)
    expect(stdout).toContain('Import: 2 runs archived (1, 3), 1 failed')
    expect(site.archived()).toEqual([1, 3])
    expect(site.state('migrator')).toEqual({ last_contiguous_run: 1, last_attempted_run: 3 })
  })

  test('the lock is free while the last metrics are on their way', async () => {
    const site = siteOf([1], carbonOn(await blackHole()))
    const archiver = spawnArchiver([site.configPath])
    await archiver.logged('[Migration] [Run 1] done')
    const lock = await FileLock.acquire(join(site.workDir, '.archiver.lock'), { timeoutMs: 10_000 })
    const freeAt = performance.now()
    await lock.release()
    expect((await archiver.finished).code).toBe(0)
    expect(performance.now() - freeAt).toBeGreaterThan(200)
  })
})

describe('archiver with a textfile', () => {
  const path = () => join(dir(), 'archiver.prom')
  const text = () => readFileSync(path(), 'utf8')
  const series = () => Object.fromEntries(parsePrometheus(text()))
  const textfile = () => `metrics:\n  textfile: ${path()}\n`

  test('counts over executions, and says where the stages are', async () => {
    const site = siteOf([1, 2, 3], textfile())
    const mend = site.breakRun(2)
    await runArchiver([site.configPath], { now })
    expect(series()).toMatchObject({
      'archiver_runs_processed_total{outcome="succeeded",stage="import"}': 2,
      'archiver_runs_processed_total{outcome="failed",stage="import"}': 1,
      'archiver_runs_processed_total{outcome="succeeded",stage="migrate"}': 2,
      'archiver_executions_total{exit_code="1",mode="archive"}': 1,
      'archiver_newest_run{place="disk"}': 3,
      'archiver_newest_run{place="artdaqdb"}': 3,
      'archiver_newest_run{place="ucondb"}': 3,
      'archiver_lag_runs{stage="import"}': 0,
      'archiver_lag_runs{stage="total"}': 0,
      'archiver_backlog_runs{stage="import"}': 1,
      'archiver_failures_logged{stage="import"}': 1,
      'archiver_failures_logged{stage="migrate"}': 0,
      'archiver_last_attempted_run{stage="import"}': 3,
      archiver_lock_wait_seconds_count: 1,
      archiver_last_execution_timestamp_seconds: NOON / 1000,
      'archiver_stage_duration_seconds_count{stage="migrate"}': 1,
      'archiver_store_call_duration_seconds_count{operation="put",store="ucondb"}': 2,
    })
    expect(series()).not.toHaveProperty('archiver_last_success_timestamp_seconds')
    const bytes = series()['archiver_run_bytes_total{stage="migrate"}']
    expect(bytes).toBe(site.blob(1).length + site.blob(3).length)

    mend()
    site.addRuns([4, 5])
    await runArchiver([site.configPath, '--import-only'], { now })
    expect(series()).toMatchObject({
      'archiver_runs_processed_total{outcome="succeeded",stage="import"}': 5,
      'archiver_runs_processed_total{outcome="failed",stage="import"}': 1,
      'archiver_executions_total{exit_code="0",mode="import-only"}': 1,
      archiver_last_success_timestamp_seconds: NOON / 1000,
      'archiver_newest_run{place="disk"}': 5,
      'archiver_backlog_runs{stage="import"}': 0,
    })
    await runArchiver([site.configPath, '--incremental', '--migrate-only'], { now })
    expect(series()).toMatchObject({
      'archiver_lag_runs{stage="migrate"}': 0,
      'archiver_newest_run{place="ucondb"}': 5,
    })
    for (const line of text().trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) archiver_\w+ .+|archiver_\w+(\{(\w+="[^"]*",?)+\})? -?\d[\d.e+-]*)$/)
  })

  test('says how far behind the migration is when it takes one batch of many', async () => {
    const site = siteOf([1, 2, 3, 4, 5], '')
    site.configure({ batch_size: 2 }, textfile())
    await runArchiver([site.configPath, '--incremental'])
    expect(series()).toMatchObject({
      'archiver_lag_runs{stage="import"}': 3,
      'archiver_lag_runs{stage="migrate"}': 0,
      'archiver_lag_runs{stage="total"}': 3,
    })
  })

  test('a second start that finds the lock held is counted, and reads no state that is not its own', async () => {
    const site = siteOf([1], textfile())
    await runArchiver([site.configPath])
    await using _ = await FileLock.acquire(join(site.workDir, '.archiver.lock'))
    writeFileSync(join(site.workDir, 'import_failures.log'), '77\n')
    expect((await runArchiver([site.configPath])).code).toBe(1)
    expect(series()).toMatchObject({
      archiver_lock_refusals_total: 1,
      'archiver_executions_total{exit_code="1",mode="archive"}': 1,
      'archiver_failures_logged{stage="import"}': 0,
    })
  })

  test('a stage that cannot go on is counted with its reason', async () => {
    const site = siteOf([1], textfile())
    site.configure({}, textfile(), {
      server_url: `http://127.0.0.1:${await refusedPort()}/app`,
      writer_user: 'u',
      writer_password: "'hunter22'",
    })
    expect((await runArchiver([site.configPath])).code).toBe(1)
    expect(series()).toMatchObject({
      'archiver_stage_stops_total{code="ERR_ARCHIVE_UNAVAILABLE",stage="migrate"}': 1,
      'archiver_store_call_errors_total{operation="listRuns",store="ucondb"}': 1,
    })
  })

  test('a dry run and a file that cannot be written change nothing', async () => {
    const site = siteOf([1], textfile())
    await runArchiver([site.configPath, '--dry-run'])
    expect(existsSync(path())).toBe(false)
    site.configure({}, 'metrics:\n  textfile: /proc/archiver.prom\n')
    const { code, stderr } = await runArchiver([site.configPath])
    expect(code).toBe(0)
    expect(stderr).toMatch(/WARNING - Metrics do not reach '\/proc\/archiver.prom'; the archiving goes on: /)
    expect(stderr.split('do not reach')).toHaveLength(2)
  })
})

describe('archiver with OpenTelemetry', () => {
  interface Point {
    readonly asInt?: string | number
    readonly asDouble?: number
    readonly count?: string | number
    readonly attributes: readonly { key: string; value: { stringValue: string } }[]
  }
  interface Body {
    readonly resourceMetrics: readonly {
      readonly resource: { readonly attributes: readonly { key: string; value: { stringValue: string } }[] }
      readonly scopeMetrics: readonly {
        readonly metrics: readonly ({ name: string; unit: string; description: string } & Partial<
          Record<'sum' | 'gauge' | 'histogram', { dataPoints: Point[]; aggregationTemporality?: number }>
        >)[]
      }[]
    }[]
  }
  const attributesOf = (list: readonly { key: string; value: { stringValue: string } }[]) =>
    Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue]))

  test('sends what was measured to the collector, with the headers of the configuration and of the file', async () => {
    const collector = await serveOtlp()
    const headersFile = join(dir(), 'headers')
    writeFileSync(headersFile, '# for the collector\nAuthorization: Bearer hunter22-token\n')
    const site = siteOf(
      [1, 2],
      otlpTo(
        collector.endpoint,
        `    headers:\n      X-Tenant: sbn\n    headers_file: ${headersFile}\n  labels:\n    experiment: icarus\n`,
      ),
    )
    expect((await runArchiver([site.configPath])).code).toBe(0)
    expect(collector.requests[0]).toMatchObject({
      url: '/v1/metrics',
      headers: { 'x-tenant': 'sbn', authorization: 'Bearer hunter22-token' },
    })
    const bodies = collector.requests.map(({ body }) => body as Body)
    expect(attributesOf(bodies[0]?.resourceMetrics[0]?.resource.attributes ?? [])).toMatchObject({
      'service.name': 'archiver',
      experiment: 'icarus',
    })
    const metrics = bodies.flatMap((body) =>
      body.resourceMetrics.flatMap((one) => one.scopeMetrics.flatMap((scope) => scope.metrics)),
    )
    const runs = metrics.filter(({ name }) => name === 'archiver.runs_processed')
    expect(runs.map(({ sum }) => sum?.aggregationTemporality)).toEqual(runs.map(() => 1))
    const imported = runs
      .flatMap(({ sum }) => sum?.dataPoints ?? [])
      .filter(({ attributes }) => attributesOf(attributes).stage === 'import')
      .reduce((total, { asInt, asDouble }) => total + Number(asInt ?? asDouble), 0)
    expect(imported).toBe(2)
    expect(metrics).toContainEqual(expect.objectContaining({ name: 'archiver.stage_duration', unit: 's' }))
    expect(metrics).toContainEqual(expect.objectContaining({ name: 'archiver.lag_runs', gauge: expect.anything() }))
  })

  test('a collector behind TLS is trusted by the certificate that OTEL_EXPORTER_OTLP_CERTIFICATE names', async () => {
    const [key, cert] = [readFileSync(new URL('server-key.pem', TLS)), readFileSync(new URL('server.pem', TLS))]
    const collector = await serveOtlp(200, { key, cert })
    const site = siteOf([1], otlpTo(`${collector.endpoint}?api-key=hunter22`))
    onTestFinished(() => void vi.unstubAllEnvs())
    const distrusting = await runArchiver([site.configPath])
    expect(distrusting.stderr).toContain(`Metrics do not reach ${collector.endpoint}; `)
    expect(distrusting.stderr).not.toContain('hunter22')
    vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', fileURLToPath(new URL('ca.pem', TLS)))
    expect((await runArchiver([site.configPath])).stderr).not.toContain('Metrics')
    expect(collector.requests).toMatchObject([{ url: '/v1/metrics?api-key=hunter22' }])
  })

  test.each<[what: string, makeEndpoint: () => Promise<string>]>([
    ['refuses', async () => `http://127.0.0.1:${await refusedPort()}/v1/metrics`],
    ['answers nothing at all', async () => `http://127.0.0.1:${await blackHole()}/v1/metrics`],
    ['says 503', async () => (await serveOtlp(503)).endpoint],
    ['says 401', async () => (await serveOtlp(401)).endpoint],
  ])(
    'a collector that %s is a warning without credentials, and costs a second or two at most',
    async (_, makeEndpoint) => {
      const site = siteOf(
        [1],
        otlpTo(await makeEndpoint(), "    headers:\n      Authorization: 'Bearer hunter22-token'\n"),
      )
      const archiver = spawnArchiver([site.configPath])
      await archiver.logged('[Migration] [Run 1] done')
      const doneAt = performance.now()
      const { code, stdout, stderr } = await archiver.finished
      expect(performance.now() - doneAt).toBeLessThan(4000)
      expect(code).toBe(0)
      expect(stdout).toContain('Migration: 1 run archived (1), 0 failed')
      expect(stderr.split('Metrics do not reach http://127.0.0.1').length).toBe(2)
      expect(stdout + stderr).not.toContain('hunter22')
    },
  )
})
