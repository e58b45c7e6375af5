/** The real command against a server that behaves like Sirene: what it fetches, how it fails, what it says and what it must never say. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKvStore } from '@holdfast/kv-persistence'
import { useTempDir } from '@holdfast/testkit'
import { type SireneRequest, sireneFaults, startSireneServer } from '@holdfast/testkit/sirene-server'
import { describe, expect, test } from 'vitest'
import {
  apiConfig,
  BIN,
  bundlesIn,
  daysFrom,
  fetcher,
  filesBelow,
  KEY,
  sirensIn,
  start,
  writeConfig,
} from './support.js'

const dir = useTempDir()
const DAYS = daysFrom('2025-03-01', 4)

describe('fetcher run', { timeout: 60_000 }, () => {
  test('fetches every page of every day once, and nothing in the next run', async () => {
    await using server = await startSireneServer({ apiKey: KEY, perDay: (day) => (day === '2025-03-02' ? 0 : 5) })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    const first = await fetcher({ cwd: dir() }, 'run', 'fr-api', '--json')
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(first.stdout)).toMatchObject({
      ok: true,
      end: 'finished',
      counts: { requests: 10, pages: 9, items: 15, bundles: 9, empty: 1, failures: 0 },
    })
    expect(sirensIn(dir()).toSorted()).toEqual(DAYS.flatMap((day) => server.companies(day)).toSorted())
    const second = await fetcher({ cwd: dir() }, 'run', 'fr-api')
    expect(second.code).toBe(0)
    expect(second.stdout).toMatch(/^fr-api: 0 pages, 0 items/)
    expect(server.received).toHaveLength(10)
  })

  test('goes on through 429, 500, and bodies that stall or are cut', async () => {
    const faults = [
      sireneFaults.status(429, { 'retry-after': '1' }),
      sireneFaults.status(500),
      sireneFaults.cut(),
      sireneFaults.stalled(),
    ]
    const fault = ({ number }: SireneRequest): ReturnType<typeof sireneFaults.cut> | undefined =>
      number % 3 === 2 ? faults.shift() : undefined
    await using server = await startSireneServer({ apiKey: KEY, fault })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    const { code, stdout } = await fetcher({ cwd: dir() }, 'run', 'fr-api', '--json', '--verbose')
    expect(faults).toHaveLength(0)
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, counts: { pages: 12, failures: 4, givenUp: 0 } })
    expect(code).toBe(0)
    expect(sirensIn(dir()).toSorted()).toEqual(DAYS.flatMap((day) => server.companies(day)).toSorted())
  })

  test('a day with more than 20,000 companies is followed to its end by the cursor', { timeout: 60_000 }, async () => {
    const day = '2025-03-01'
    await using server = await startSireneServer({ apiKey: KEY, perDay: () => 20_500 })
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, start: day, end: day, size: 1000 }))
    const { code, stdout } = await fetcher({ cwd: dir() }, 'run', 'fr-api', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ counts: { pages: 21, items: 20_500 } })
    expect(sirensIn(dir()).toSorted()).toEqual([...server.companies(day)].toSorted())
  })

  test('ends as soon as nothing is left, without a wait', async () => {
    await using server = await startSireneServer({ apiKey: KEY })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    const { stdout } = await fetcher({ cwd: dir() }, 'run', 'fr-api', '--json')
    // The poll for what other processes do is a second long; a run that waited for it would be longer.
    expect((JSON.parse(stdout) as { seconds: number }).seconds).toBeLessThan(1)
  })

  test('exits with 1 when requests were given up; retry brings them back', async () => {
    let isBroken = true
    const fault = ({ url }: SireneRequest): ReturnType<typeof sireneFaults.cut> | undefined =>
      isBroken && url.search.includes('2025-03-03') ? sireneFaults.status(503) : undefined
    await using server = await startSireneServer({ apiKey: KEY, fault })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    const first = await fetcher({ cwd: dir() }, 'run', 'fr-api', '--max-retries', '1')
    expect(first.code).toBe(1)
    expect(first.stdout).toContain("1 request given up; see 'fetcher failures fr-api'")
    expect(first.stderr).toContain('given up: ')
    // It was told once; the next run is not to blame.
    const second = await fetcher({ cwd: dir() }, 'run', 'fr-api')
    expect(second.code).toBe(0)
    expect(second.stdout).toContain('1 request given up (1 of them not by an attempt of this run)')
    const failures = await fetcher({ cwd: dir() }, 'failures', 'fr-api', '--json')
    const document = JSON.parse(failures.stdout) as { total: number; failures: { id: string; failures: number }[] }
    expect(document).toMatchObject({ total: 1, failures: [{ failures: 2, errorCode: 'ERR_HTTP_STATUS' }] })
    isBroken = false
    expect((await fetcher({ cwd: dir() }, 'retry', 'fr-api', 'unheard-of')).code).toBe(1)
    const retried = await fetcher({ cwd: dir() }, 'retry', 'fr-api', document.failures[0]?.id.slice(0, 12) ?? '')
    expect(retried).toMatchObject({ code: 0, stdout: '1 request will be tried again in the next run\n' })
    expect((await fetcher({ cwd: dir() }, 'run', 'fr-api')).code).toBe(0)
    expect(sirensIn(dir()).toSorted()).toEqual(DAYS.flatMap((day) => server.companies(day)).toSorted())
  })

  test('a request whose record is damaged is a failure of the run, with the fix; retry says that it cannot bring it back, reset does', async () => {
    await using server = await startSireneServer({ apiKey: KEY })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    expect((await fetcher({ cwd: dir() }, 'run', 'fr-api', '--limit', '1')).code).toBe(0)
    {
      await using store = await createKvStore({ type: 'sqlite', path: join(dir(), '.fetcher/fr-api/state.sqlite') })
      for await (const { key } of store.range('fr_siren_provider:queue:payload:', undefined, 1)) await store.delete(key)
    }
    const { code, stdout } = await fetcher({ cwd: dir() }, 'run', 'fr-api')
    expect(code).toBe(1)
    expect(stdout).toContain(
      "1 request given up (1 of them not by an attempt of this run); see 'fetcher failures fr-api'",
    )
    const shown = await fetcher({ cwd: dir() }, 'failures', 'fr-api')
    expect(shown.stdout).toMatch(/\d+ +- +What was to be fetched is not known .* Reset the locator/)
    const { stdout: text } = await fetcher({ cwd: dir() }, 'failures', 'fr-api', '--json')
    const document = JSON.parse(text) as { failures: { id: string }[] }
    expect(document).toMatchObject({ total: 1, failures: [{ name: null, errorCode: 'ERR_REQUEST_LOST' }] })
    const status = await fetcher({ cwd: dir() }, 'status', 'fr-api', '--json')
    expect(JSON.parse(status.stdout)).toMatchObject({ locators: [{ givenUp: 1 }] })
    for (const id of [[], [document.failures[0]?.id ?? '']]) {
      const retried = await fetcher({ cwd: dir() }, 'retry', 'fr-api', ...id)
      expect(retried).toMatchObject({ code: 1, stdout: expect.stringContaining('1 request cannot be tried again') })
    }
    expect((await fetcher({ cwd: dir() }, 'reset', 'fr-api', '--yes')).code).toBe(0)
    expect((await fetcher({ cwd: dir() }, 'run', 'fr-api')).code).toBe(0)
    expect(sirensIn(dir()).toSorted()).toEqual(DAYS.flatMap((day) => server.companies(day)).toSorted())
  })

  test('leaves attempts that are far away to a later run, and says when', async () => {
    const fault = ({ url }: SireneRequest): ReturnType<typeof sireneFaults.cut> | undefined =>
      url.search.includes('2025-03-03') ? sireneFaults.status(503, { 'retry-after': '3600' }) : undefined
    await using server = await startSireneServer({ apiKey: KEY, fault })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    const { code, stdout } = await fetcher({ cwd: dir() }, 'run', 'fr-api')
    expect(code).toBe(1)
    expect(stdout).toMatch(/1 request will be tried again, the first at \d{4}-\d\d-\d\dT/)
  })

  test('a server that wants silence for a day ends the run, and the next one asks it nothing', async () => {
    const fault = ({ number }: SireneRequest): ReturnType<typeof sireneFaults.cut> | undefined =>
      number === 1 ? sireneFaults.status(429, { 'retry-after': '86400' }) : undefined
    await using server = await startSireneServer({ apiKey: KEY, fault })
    const locator = ['rate_limit: { requests: 50, per_seconds: 1 }']
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, locator }))
    const first = await fetcher({ cwd: dir() }, 'run', 'fr-api', '--concurrency', '2', '--json')
    expect(first.code).toBe(1)
    expect(JSON.parse(first.stdout)).toMatchObject({
      end: 'failed',
      counts: { failures: 1, givenUp: 0 },
      errors: [{ code: 'ERR_RATE_LIMIT_PAUSED' }],
      left: [{ leased: 0, givenUp: 0, retries: 1 }],
    })
    const sent = server.received.length
    const again = await fetcher({ cwd: dir() }, 'run', 'fr-api')
    expect([again.code, server.received.length]).toEqual([1, sent])
    // Also while other requests could be made at once.
    expect(again.stdout).toMatch(/1 request will be tried again, the first at \d{4}-\d\d-\d\dT/)
    expect(again.stdout).toMatch(/left for the next run/)
    expect(again.stderr).toMatch(/no more requests until \d{4}-\d\d-/)
  })

  test('a key that is refused uses up no attempt', async () => {
    await using server = await startSireneServer({ apiKey: 'another' })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    const refused = await fetcher({ cwd: dir() }, 'run', 'fr-api', '--json')
    expect(refused.code).toBe(1)
    expect(JSON.parse(refused.stdout)).toMatchObject({ end: 'failed', counts: { failures: 0 }, left: [{ givenUp: 0 }] })
    const right = { cwd: dir(), env: { OC_CREDENTIAL_FR_API_API_KEY: 'another' } }
    expect(JSON.parse((await fetcher(right, 'run', 'fr-api', '--json')).stdout)).toMatchObject({
      ok: true,
      counts: { pages: 12 },
    })
  })

  test('--limit ends early, --since and --until choose the days', async () => {
    await using server = await startSireneServer({ apiKey: KEY })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    const limited = await fetcher({ cwd: dir() }, 'run', 'fr-api', '--limit', '2', '--json')
    expect(limited.code).toBe(0)
    expect(JSON.parse(limited.stdout)).toMatchObject({ end: 'limit', counts: { requests: 2 } })
    const range = ['--since', '2025-02-27', '--until', '2025-02-28', '--json']
    const other = await fetcher({ cwd: dir() }, 'run', 'fr-api', ...range)
    expect(other.code).toBe(0)
    expect((await fetcher({ cwd: dir() }, 'run', 'fr-api')).code).toBe(0)
    const days = daysFrom('2025-02-27', 6)
    expect(sirensIn(dir()).toSorted()).toEqual(days.flatMap((day) => server.companies(day)).toSorted())
  })

  test('--dry-run says what would be fetched and writes nothing', async () => {
    await using server = await startSireneServer({ apiKey: KEY })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    const fresh = await fetcher({ cwd: dir() }, '--dry-run', 'run', 'fr-api')
    expect(fresh.code).toBe(0)
    expect(fresh.stdout).toContain('Would begin with 4 requests')
    expect(readdirSync(dir())).toEqual(['fetchers'])
    expect(server.received).toHaveLength(0)
    await fetcher({ cwd: dir() }, 'run', 'fr-api', '--limit', '1')
    const before = await fetcher({ cwd: dir() }, 'status', 'fr-api', '--json')
    const stored = bundlesIn(dir()).length
    expect((await fetcher({ cwd: dir() }, 'run', 'fr-api', '--dry-run', '--json')).code).toBe(0)
    expect((await fetcher({ cwd: dir() }, 'status', 'fr-api', '--json')).stdout).toBe(before.stdout)
    expect(bundlesIn(dir())).toHaveLength(stored)
    expect(server.received).toHaveLength(1)
  })

  test('refresh fetches a URL again; reset needs a yes and forgets all', async () => {
    await using server = await startSireneServer({ apiKey: KEY })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    await fetcher({ cwd: dir() }, 'run', 'fr-api')
    const [first] = server.received
    const url = `${server.origin}${first?.url.pathname}${first?.url.search}`
    expect(await fetcher({ cwd: dir() }, 'refresh', 'fr-api', url)).toMatchObject({ code: 0 })
    await fetcher({ cwd: dir() }, 'run', 'fr-api')
    expect(server.received).toHaveLength(13)
    expect((await fetcher({ cwd: dir() }, 'reset', 'fr-api')).code).toBe(2)
    expect((await fetcher({ cwd: dir() }, 'reset', 'fr-api', '--yes')).code).toBe(0)
    await fetcher({ cwd: dir() }, 'run', 'fr-api')
    expect(server.received).toHaveLength(25)
    expect(sirensIn(dir()).toSorted()).toEqual(DAYS.flatMap((day) => server.companies(day)).toSorted())
  })

  test('stats and status tell what was done', async () => {
    await using server = await startSireneServer({ apiKey: KEY })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    await fetcher({ cwd: dir() }, 'run', 'fr-api')
    const { counters, timings } = JSON.parse((await fetcher({ cwd: dir() }, 'stats', 'fr-api', '--json')).stdout) as {
      counters: Record<string, number>
      timings: Record<string, { count: number; p99: number }>
    }
    expect(counters).toMatchObject({ requests: 12, pages: 12, items: 20, bundles: 12 })
    expect(timings.api_fetch).toMatchObject({ count: 12 })
    expect(timings.api_fetch?.p99).toBeGreaterThan(0)
    const { stdout } = await fetcher({ cwd: dir() }, 'status', 'fr-api')
    expect(stdout).toContain('fr-api: not running')
  })
})

describe('credentials', { timeout: 60_000 }, () => {
  test('are in no output, no state and no bundle, even when the server sends them back', async () => {
    const fault = ({ number }: SireneRequest): ReturnType<typeof sireneFaults.cut> | undefined =>
      number === 2 ? sireneFaults.echo() : undefined
    await using server = await startSireneServer({ apiKey: KEY, fault })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    const runs = [
      await fetcher({ cwd: dir() }, 'run', 'fr-api', '--verbose', '--json'),
      await fetcher({ cwd: dir() }, 'failures', 'fr-api'),
      await fetcher({ cwd: dir() }, 'status', 'fr-api', '--json'),
    ]
    expect(server.received.some(({ headers }) => headers['x-insee-api-key-integration'] === KEY)).toBe(true)
    for (const { stdout, stderr } of runs) expect(stdout + stderr).not.toContain(KEY)
    const files = filesBelow(dir())
    expect(files.size).toBeGreaterThan(5)
    for (const [path, bytes] of files) expect(bytes.includes(KEY), path).toBe(false)
  })

  test('come from a file that only its owner can read', async () => {
    await using server = await startSireneServer({ apiKey: KEY })
    writeConfig(
      dir(),
      'fr-api',
      apiConfig({ ...server, origin: server.origin, top: ['credentials_file: secrets.yaml'] }),
    )
    const place = { cwd: dir(), env: { OC_CREDENTIAL_FR_API_API_KEY: '' } }
    const missing = await fetcher(place, 'run', 'fr-api')
    expect(missing.code).toBe(1)
    expect(missing.stderr).toContain('there is no such file')
    writeFileSync(join(dir(), 'secrets.yaml'), `api_key: ${KEY}\n`, { mode: 0o644 })
    const open = await fetcher(place, 'run', 'fr-api')
    expect(open.code).toBe(1)
    expect(open.stderr).toContain('chmod 600')
    chmodSync(join(dir(), 'secrets.yaml'), 0o600)
    expect((await fetcher(place, 'run', 'fr-api')).code).toBe(0)
  })
})

describe('exit codes and streams', { timeout: 60_000 }, () => {
  test.each([
    { args: ['run', 'unheard-of'], code: 1, says: "There is no configuration 'unheard-of'" },
    { args: ['run'], code: 2, says: "missing required argument 'name'" },
    { args: ['run', 'fr-api', '--since', '2025-02-30'], code: 2, says: 'Write a day as' },
    { args: ['run', 'fr-api', '--since', '2025-02-03', '--until', '2025-02-01'], code: 2, says: 'is after' },
    { args: ['run', 'fr-api', '--concurrency', '0'], code: 2, says: 'whole number from 1' },
    { args: ['list', '--config-dir', 'nowhere'], code: 1, says: 'there is no such folder' },
    { args: [], code: 2, says: 'A command is missing' },
  ])('fetcher $args exits with $code', async ({ args, code, says }) => {
    const { stderr, ...result } = await fetcher({ cwd: dir() }, ...args)
    expect(result).toMatchObject({ code, stdout: '' })
    expect(stderr).toContain(says)
  })

  test('a reader that goes away is no error', async () => {
    await using server = await startSireneServer({ apiKey: KEY, perDay: () => 1 })
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, end: '2025-12-31' }))
    const line = `"${process.execPath}" "${BIN}" run fr-api --dry-run --limit 5000 | head -n 1; echo "\${PIPESTATUS[0]}"`
    const env = { ...process.env, OC_CREDENTIAL_FR_API_API_KEY: KEY }
    const { stdout, stderr } = spawnSync('bash', ['-c', line], { cwd: dir(), env, encoding: 'utf8' })
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('0')
    expect(stderr).toBe('')
  })

  test('an interruption lets what is under way end; the next run goes on', async () => {
    await using server = await startSireneServer({ apiKey: KEY, delayMs: 100 })
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, end: '2025-03-20' }))
    const child = start({ cwd: dir() }, 'run', 'fr-api', '--json')
    await until(() => bundlesIn(dir()).length > 2)
    child.kill('SIGINT')
    expect(await child.exited).toEqual({ code: 130, signal: null })
    const result = JSON.parse(child.stdout()) as { end: string; counts: { pages: number }; left: { leased: number }[] }
    expect(result).toMatchObject({ end: 'drained', left: [{ leased: 0 }] })
    expect(bundlesIn(dir())).toHaveLength(result.counts.pages)
    const asked = server.received.length
    expect(asked).toBe(result.counts.pages)
    expect((await fetcher({ cwd: dir() }, 'run', 'fr-api')).code).toBe(0)
    expect(server.received).toHaveLength(60)
  })

  test('a second interruption gives back what is under way at once', async () => {
    const fault = ({ number }: SireneRequest): ReturnType<typeof sireneFaults.cut> | undefined =>
      number > 2 ? (): undefined => undefined : undefined
    await using server = await startSireneServer({ apiKey: KEY, fault })
    writeConfig(dir(), 'fr-api', apiConfig(server))
    const child = start({ cwd: dir() }, 'run', 'fr-api', '--json')
    await until(() => server.received.length >= 4)
    child.kill('SIGINT')
    await until(() => child.stderr().includes('interrupt again'))
    child.kill('SIGINT')
    expect(await child.exited).toEqual({ code: 130, signal: null })
    expect(JSON.parse(child.stdout())).toMatchObject({ end: 'stopped', left: [{ leased: 0, givenUp: 0 }] })
  })
})

test('every mistake of a configuration is told with its line', async () => {
  const path = writeConfig(
    dir(),
    'wrong',
    [
      'concurrency: many',
      'locators:',
      '  - type: api',
      '    prefix: a',
      '    url: ftp://a.example/',
      '    widnows: { start: 2025-02-30 }',
      '  - type: sftp',
      '    prefix: a',
      '    connection: { host: h, port: 0 }',
      '    sources: [{ directory: d }]',
      '',
    ].join('\n'),
  )
  const { code, stderr } = await fetcher({ cwd: dir() }, 'run', 'wrong')
  expect(code).toBe(1)
  expect(stderr).toContain(`The configuration '${path}' has`)
  expect(stderr).toContain('line 1: concurrency:')
  expect(stderr).toContain('line 5: locators[0].url: must be a URL of http')
  expect(stderr).toContain("line 6: locators[0].widnows: there is no such key; did you mean 'windows'?")
  expect(stderr).toContain('line 9: locators[1].connection.port:')
  expect(existsSync(join(dir(), '.fetcher'))).toBe(false)
})

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('It did not come about')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
