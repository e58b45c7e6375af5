/** What can be seen from outside: the server for health and metrics, and the line on a terminal. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild, useTempDir } from '@holdfast/testkit'
import { startSireneServer } from '@holdfast/testkit/sirene-server'
import { describe, expect, test } from 'vitest'
import { apiConfig, BIN, fetcher, KEY, start, writeConfig } from './support.js'

const dir = useTempDir()

async function urlOf(child: Child): Promise<string> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const url = /http:\/\/\S+/.exec(child.stderr())?.[0]
    if (url !== undefined) return url
    if (Date.now() > deadline) throw new Error(`It does not serve: ${child.stderr()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

interface Status {
  readonly fetchers: readonly { readonly name: string; readonly running: readonly { readonly pid: number }[] }[]
}

describe('fetcher serve', { timeout: 60_000 }, () => {
  test('says which port is taken, and what to do', async () => {
    const serving = start({ cwd: dir() }, 'serve', '--port', '0')
    const { port } = new URL(await urlOf(serving))
    const second = await fetcher({ cwd: dir() }, 'serve', '--port', port)
    expect(second.code).toBe(1)
    expect(second.stderr).toMatch(new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: .*\n.*another port`))
  })

  test('shows a run of another process while it goes on, and its end', async () => {
    await using server = await startSireneServer({ apiKey: KEY, delayMs: 100 })
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, end: '2025-03-30' }))
    const serving = start({ cwd: dir() }, 'serve', 'fr-api', '--port', '0')
    const url = await urlOf(serving)
    const look = async (): Promise<Status> => (await (await fetch(`${url}/status`)).json()) as Status
    expect(await look()).toMatchObject({ fetchers: [{ name: 'fr-api', running: [] }] })
    const running = start({ cwd: dir() }, 'run', 'fr-api')
    let seen: Status['fetchers'][number]['running'] = []
    while (seen.length === 0) seen = (await look()).fetchers[0]?.running ?? []
    expect(seen[0]?.pid).toBe(running.pid)
    expect((await running.exited).code).toBe(0)
    expect(await look()).toMatchObject({ fetchers: [{ running: [], totals: { bundles: 90, items: 150 } }] })
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('holdfast_events_total{tracker="fetcher:fr-api",name="bundles"} 90\n')
    expect(metrics).toContain('holdfast_fetcher_running{fetcher="fr-api"} 0\n')
    expect(metrics).toMatch(
      /holdfast_processing_seconds\{tracker="fetcher:fr-api",operation="request",quantile="0.99"\} /,
    )
    serving.kill('SIGTERM')
    expect(await serving.exited).toEqual({ code: 0, signal: null })
  })

  test('/ready is 503 when a configuration cannot be used, /health is 200 all the same', async () => {
    writeConfig(dir(), 'fr-api', apiConfig({ origin: 'http://127.0.0.1:9' }))
    const child = start({ cwd: dir() }, 'serve', '--port', '0')
    const url = await urlOf(child)
    const statusOf = async (path: string): Promise<number> => (await fetch(url + path)).status
    expect(await statusOf('/ready')).toBe(200)
    writeConfig(dir(), 'fr-api', 'locators: []\n')
    expect(await statusOf('/ready')).toBe(503)
    expect(await statusOf('/health')).toBe(200)
    expect(await statusOf('/elsewhere')).toBe(404)
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405)
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('holdfast_fetcher_unreadable 1\n')
  })

  test('run --metrics-port serves meanwhile', async () => {
    await using server = await startSireneServer({ apiKey: KEY, delayMs: 100 })
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, end: '2025-03-30' }))
    const child = start({ cwd: dir() }, 'run', 'fr-api', '--metrics-port', '0')
    const url = await urlOf(child)
    expect((await fetch(`${url}/ready`)).status).toBe(200)
    expect((await child.exited).code).toBe(0)
    await expect(fetch(`${url}/ready`)).rejects.toThrow()
  })
})

test('a terminal is shown how far the run is', { timeout: 60_000 }, async () => {
  await using server = await startSireneServer({ apiKey: KEY, delayMs: 100 })
  writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, end: '2025-04-15', top: ['concurrency: 2'] }))
  // In a process of its own, since the server is in this one.
  const script = join(dir(), 'terminal.mjs')
  const line = `stty cols 100; '${process.execPath}' '${BIN}' run fr-api`
  writeFileSync(
    script,
    `import { spawnSync } from 'node:child_process'
const { stdout, status } = spawnSync('script', ['-qefc', ${JSON.stringify(`bash --norc -c "${line}"`)}, '/dev/null'], { encoding: 'utf8', env: { ...process.env, TERM: 'xterm' } })
process.stdout.write(stdout)
process.exitCode = status\n`,
  )
  const env = { OC_CREDENTIAL_FR_API_API_KEY: KEY, NO_COLOR: '1' }
  const child = startChild(script, { cwd: dir(), env, deadlineMs: 60_000 })
  expect((await child.exited).code, child.stdout()).toBe(0)
  const screen = child.stdout().split(/\r|\n/)
  expect(screen.some((text) => /fr-api: \d+ pages, \d+ items, [\d.]+ pages\/s, [\d.]+ k?B/.test(text))).toBe(true)
  expect(screen.some((text) => / left$/.test(text))).toBe(true)
  expect(Math.max(...screen.map((text) => text.length))).toBeLessThan(104)
})

test('completion knows the commands and the names of configurations', async () => {
  writeConfig(dir(), 'mine', apiConfig({ origin: 'http://127.0.0.1:9' }))
  const complete = async (...words: string[]): Promise<string> =>
    (await fetcher({ cwd: dir() }, 'complete', '--', ...words)).stdout
  expect(await complete('re')).toMatch(/^retry\t[^\n]*\nrefresh\t[^\n]*\nreset\t/)
  expect(await complete('run', 'm')).toBe('mine\t\n')
  const syntax = spawnSync('bash', ['-n'], { input: (await fetcher({ cwd: dir() }, 'completion', 'bash')).stdout })
  expect(syntax.status).toBe(0)
})
