/** Two servers with made-up companies, one of HTTP and one of SFTP: fetched, killed half-way, resumed, and nothing is fetched twice or lost. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startPasswordSftpServer } from '@holdfast/testkit/sftp-server'
import { sireneFaults, startSireneServer } from '@holdfast/testkit/sirene-server'

const bin = fileURLToPath(new URL('bin/fetcher.js', import.meta.resolve('@holdfast/fetcher/package.json')))
const API_KEY = 'made-up-key'
const PASSWORD = 'made-up-password'
const DAYS = 30
const PAGES_PER_DAY = 3
const PAGES = DAYS * PAGES_PER_DAY
const KILL_AFTER = 35
const DEADLINE_MS = 60_000

export async function demonstrate() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-fetcher-'))
  await using sirene = await startSireneServer({
    apiKey: API_KEY,
    perDay: () => 25,
    delayMs: 20,
    fault: ({ number }) => FAULTS[number],
  })
  await using florida = await startPasswordSftpServer({ username: 'Public', password: PASSWORD })
  const days = putDailyFiles(florida.root)
  writeConfigs(folder, sirene, florida)
  const env = {
    OC_CREDENTIAL_FR_API_API_KEY: API_KEY,
    OC_CREDENTIAL_US_FL_USERNAME: 'Public',
    OC_CREDENTIAL_US_FL_PASSWORD: PASSWORD,
  }
  const fetcher = (...args) => runFetcherIn(folder, env, args)

  say('What can be fetched, and what a run would begin with')
  await fetcher('list')
  await fetcher('run', 'fr-api', '--dry-run', '--limit', '3')
  say(`A run is killed with SIGKILL when ${KILL_AFTER} of ${PAGES} pages are there; the server fails now and then, too`)
  await runAndKill(folder, env)
  const before = completedIn(folder, 'fr-api')
  console.log(`(killed: ${before} pages are stored)`)
  say('The same command again: what was out comes back when its lease is over, and the rest follows')
  await fetcher('run', 'fr-api')
  const stored = completedIn(folder, 'fr-api')
  expect(stored === PAGES, `${stored} pages are stored, not ${PAGES}`)
  const sirens = sirensIn(folder)
  expect(
    new Set(sirens).size === DAYS * 25 && sirens.length === DAYS * 25,
    `${sirens.length} companies, not ${DAYS * 25}`,
  )
  console.log(`(${stored} pages with ${sirens.length} companies, each of them once)`)
  say('Once more: there is nothing to do')
  await fetcher('run', 'fr-api')
  say('Daily files over SFTP; one of them is written anew on the server afterwards, and only that one is fetched again')
  await fetcher('run', 'us-fl')
  expect(completedIn(folder, 'us-fl') === days.length, `not all of ${days.length} files are there`)
  putFile(florida.root, days[0], 4)
  await fetcher('run', 'us-fl')
  say('What all runs have done')
  await fetcher('stats', 'fr-api')
  console.log(
    `Look around in ${join(folder, 'fetched')}; the fetcher is run with\n  npx -y pnpm@12.21.0 exec fetcher --help`,
  )
}

/** By the number of the request. */
const FAULTS = {
  4: sireneFaults.status(500),
  9: sireneFaults.cut(),
  20: sireneFaults.status(429, { 'retry-after': '1' }),
}

function writeConfigs(folder, sirene, florida) {
  mkdirSync(join(folder, 'fetchers'))
  writeFileSync(
    join(folder, 'fetchers/fr-api.yaml'),
    `description: Made-up companies of France
concurrency: 4
lease_seconds: 2
locators:
  - type: api
    prefix: fr_siren_provider
    url: ${sirene.origin}/siren
    query: { q: "dateDernierTraitementUniteLegale:[{from}T00:00:00 TO {to}T23:59:59]", nombre: 10 }
    windows: { start: 2026-01-01, end: 2026-01-30 }
    paging: { type: cursor, parameter: curseur, first: "*", next: $.header.curseurSuivant }
    items: $.unitesLegales
    auth: { type: header, header: X-INSEE-Api-Key-Integration, credential: api_key }
    http: { not_found_is_empty: true }
`,
  )
  writeFileSync(
    join(folder, 'fetchers/us-fl.yaml'),
    `description: Made-up daily files of Florida
locators:
  - type: sftp
    prefix: us_fl_daily_provider
    connection: { host: 127.0.0.1, port: ${florida.port}, host_keys: ["${florida.hostKey.fingerprint}"] }
    sources: [{ directory: doc/cor, patterns: ["*c.txt"], dates: {} }]
    stable_for_seconds: 0
`,
  )
}

function putDailyFiles(root) {
  const days = ['20260105', '20260106', '20260107', '20260108']
  for (const [index, day] of days.entries()) putFile(root, day, 20 * (index + 1))
  return days
}

function putFile(root, day, count) {
  const path = join(root, 'doc/cor', `${day}c.txt`)
  mkdirSync(join(root, 'doc/cor'), { recursive: true })
  const record = (n) => `L${String(n).padStart(11, '0')}${`SYNTHETIC COMPANY ${n} LLC`.padEnd(192)}AFLAL`.padEnd(1440)
  writeFileSync(path, Array.from({ length: count }, (_, n) => `${record(n)}\n`).join(''))
  const long = new Date(Date.now() - 2 * 86_400_000)
  utimesSync(path, long, long)
}

async function runAndKill(folder, env) {
  console.log('$ fetcher run fr-api')
  const child = spawn(process.execPath, [bin, 'run', 'fr-api'], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = once(child, 'exit')
  for (const until = Date.now() + DEADLINE_MS; completedIn(folder, 'fr-api') < KILL_AFTER; await wait(10)) {
    expect(Date.now() < until && child.exitCode === null, `The run has not stored ${KILL_AFTER} pages`)
  }
  child.kill('SIGKILL')
  const [, signal] = await ended
  expect(signal === 'SIGKILL', 'The run ended before it was killed')
}

/** Not with spawnSync: the servers are in this process. */
async function runFetcherIn(folder, env, args) {
  console.log(`$ fetcher ${args.join(' ')}`)
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  console.log(`(exit code ${code})`)
  expect(code === 0, 'Expected exit code 0')
}

function completedIn(folder, name) {
  const fetched = join(folder, 'fetched', name)
  if (!existsSync(fetched)) return 0
  return readdirSync(fetched, { recursive: true }).filter((path) => path.endsWith('completed.json')).length
}

function sirensIn(folder) {
  const fetched = join(folder, 'fetched/fr-api')
  return readdirSync(fetched, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.endsWith('/content'))
    .flatMap((entry) => JSON.parse(readFileSync(join(entry.parentPath, entry.name), 'utf8')).unitesLegales)
    .map(({ siren }) => siren)
}

function expect(condition, problem) {
  if (condition) return
  console.error(problem)
  process.exit(1)
}

function say(text) {
  console.log(`\n--- ${text}`)
}
