import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { openArchive } from '@holdfast/ucondb'
import { describe, expect, test } from 'vitest'
import { type RunOptions, runArchiver } from '../support/run-archiver.js'
import { serveUconDb } from '../support/serve-ucondb.js'
import { makeSite, type Site } from '../support/site.js'
import { spawnArchiver } from '../support/spawn-archiver.js'

const dir = useTempDir()

async function archivedSite(runs: readonly number[]): Promise<Site> {
  const site = makeSite(dir())
  site.configure({ batch_size: 100 })
  site.addRuns(runs)
  await runArchiver([site.configPath])
  return site
}

async function verify(site: Site, args: readonly string[] = [], options: RunOptions = {}) {
  const { code, stdout } = await runArchiver(['verify', ...args, site.configPath, '--json'], options)
  return { code, result: JSON.parse(stdout) }
}

/** The document of artdaqDB that holds a file of a run. */
function documentOf(site: Site, run: number, text: string): string {
  const folder = join(site.databaseDir, 'RunHistory')
  const found = readdirSync(folder)
    .filter((name) => name !== 'index.json')
    .map((name) => join(folder, name))
    .find((path) => {
      const content = readFileSync(path, 'utf8')
      return content.includes(`"${run}/physics-run-00004"`) && content.includes(text)
    })
  if (found === undefined) throw new Error(`No document of run ${run} holds ${text}`)
  return found
}

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

describe('archiver verify', () => {
  test('sound stores: every run is read back and is the same, exit 0', async () => {
    const site = await archivedSite([1, 2, 3])
    const { code, stdout } = await runArchiver(['verify', site.configPath])
    expect(code).toBe(0)
    expect(stdout).toBe('Verify: 3 of 3 archived runs read back: 3 the same as in artdaqDB, 0 with findings\n')
  })

  test('one flipped byte in the archive is found', async () => {
    const site = await archivedSite([1, 2, 3])
    flipByte(join(site.archiveDir, 'runs', 'configuration', '2'), 1_000)
    const { code, result } = await verify(site)
    expect(code).toBe(1)
    expect(result).toMatchObject({ chosen: 3, compared: 3, same: 2, notCompared: 0 })
    expect(result.findings).toEqual([
      { kind: 'archive-damaged', run: 2, error: expect.stringContaining("Archived version '2' is damaged") },
    ])
  })

  test('a changed value in artdaqDB is found, with its file and line', async () => {
    const site = await archivedSite([1, 2])
    const path = documentOf(site, 2, 'DemoReceiver0')
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('DemoReceiver0', 'DemoReceiver7'))
    const { code, stdout } = await runArchiver(['verify', site.configPath])
    expect(code).toBe(1)
    expect(stdout).toContain('1 the same as in artdaqDB, 1 with findings')
    expect(stdout).toMatch(
      /Run 2: differs: 1 files differ \(tpc01\.fcl\)\n {4}tpc01\.fcl, line \d+\n {6}archived: .*DemoReceiver0.*\n {6}artdaqDB: .*DemoReceiver7/,
    )
  })

  test.each([
    { what: 'deleted', spoil: (path: string) => rmSync(path) },
    { what: 'cut', spoil: (path: string) => truncateSync(path, 100) },
  ])('a $what document of artdaqDB is found', async ({ spoil }) => {
    const site = await archivedSite([1, 2])
    const path = documentOf(site, 1, 'DemoReceiver1')
    spoil(path)
    const { code, result } = await verify(site)
    expect(code).toBe(1)
    expect(result.same).toBe(1)
    expect(result.findings).toEqual([{ kind: 'artdaqdb-damaged', run: 1, error: expect.stringContaining(path) }])
  })

  test('more data in artdaqDB than was archived is found', async () => {
    const site = await archivedSite([1])
    writeFileSync(join(site.recordsDir, '1', 'DataLogger1.fcl'), 'late: 1\n')
    await runArchiver([site.configPath, '--import-only'])
    const { code, result } = await verify(site)
    expect(code).toBe(1)
    expect(result.findings).toEqual([
      { kind: 'differs', run: 1, onlyInArchive: [], onlyInArtdaqdb: ['DataLogger1.fcl'], changed: [] },
    ])
  })

  test('a run that vanished from the archive is missing; those that wait or failed are not', async () => {
    const site = await archivedSite([1, 2, 3, 4])
    for (const run of [2, 3])
      for (const name of [`${run}`, `${run}.json`]) rmSync(join(site.archiveDir, 'runs', 'configuration', name))
    writeFileSync(join(site.workDir, 'migrate_failures.log'), '3\n')
    site.addRuns([5])
    await runArchiver([site.configPath, '--import-only'])
    const { code, result } = await verify(site)
    expect(code).toBe(1)
    expect(result).toMatchObject({ compared: 2, same: 2, notYetArchived: 2, findings: [{ kind: 'missing', run: 2 }] })
  })

  test('a run that artdaqDB no longer has is read back, and is no damage', async () => {
    const site = await archivedSite([1, 2])
    rmSync(site.databaseDir, { recursive: true })
    site.configure({}, '', {})
    const other = makeSite(join(site.dir, 'run_records'))
    other.addRuns([2])
    await runArchiver([other.configPath, '--import-only'])
    const text = readFileSync(site.configPath, 'utf8').replace(site.databaseDir, other.databaseDir)
    writeFileSync(site.configPath, text)
    const { code, result } = await verify(site)
    expect(code).toBe(0)
    expect(result).toMatchObject({ compared: 2, same: 1, onlyArchived: 1, findings: [] })
  })

  test('--runs takes ranges, and the result says which', async () => {
    const site = await archivedSite([1, 2, 3, 7, 9])
    flipByte(join(site.archiveDir, 'runs', 'configuration', '9'), 50)
    const { code, result } = await verify(site, ['--runs', '2-3,7'])
    expect(code).toBe(0)
    expect(result).toMatchObject({
      runs: [
        [2, 3],
        [7, 7],
      ],
      chosen: 3,
      same: 3,
    })
    expect((await verify(site, ['--runs', '8-100'])).code).toBe(1)
  })

  test('--sample takes so many at random, and the result says of how many', async () => {
    const site = await archivedSite(Array.from({ length: 10 }, (_, index) => index + 1))
    const { code, stdout } = await runArchiver(['verify', '--sample', '3', site.configPath], { random: () => 0.5 })
    expect(code).toBe(0)
    expect(stdout).toContain('Verify: 3 of 3 archived runs read back, a random sample of 10: 3 the same')
    flipByte(join(site.archiveDir, 'runs', 'configuration', '10'), 50)
    const draws = await Promise.all(
      [0, 0.999].map(async (value) => (await verify(site, ['--sample', '3'], { random: () => value })).result),
    )
    expect(draws.map(({ findings }) => findings.length)).toEqual([0, 1])
    expect((await verify(site, ['--sample', '99'])).result).toMatchObject({
      chosen: 10,
      sample: { wanted: 99, of: 10 },
    })
  })

  test('blobs of another minute are the same record', async () => {
    const site = await archivedSite([1])
    expect((await verify(site, [], { now: () => Date.UTC(2031, 0, 1) })).result).toMatchObject({ same: 1 })
  })

  test('it writes nothing', async () => {
    const site = await archivedSite([1, 2])
    const before = readdirSync(site.dir, { recursive: true }).sort()
    await verify(site)
    expect(readdirSync(site.dir, { recursive: true }).sort()).toEqual(before)
  })

  test('SIGINT ends it with what was compared so far and 130', async () => {
    const site = await archivedSite([1])
    const many = Array.from({ length: 60 }, (_, index) => 100 + index)
    site.addRuns(many, { bytes: 400_000 })
    await runArchiver([site.configPath, '-q'])
    const archiver = spawnArchiver(['verify', site.configPath, '--json', '--verbose'])
    await archiver.logged('Reading 61 archived runs back')
    archiver.kill('SIGINT')
    const { code, stdout } = await archiver.finished
    expect(code).toBe(130)
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ interrupted: 'SIGINT', chosen: 61, findings: [] })
    expect(result.notCompared).toBeGreaterThan(0)
    expect(result.compared + result.notCompared).toBe(61)
  })

  test('against a UconDB server, where a key holds another record and one is a foreign body', async () => {
    const { serverUrl, writer } = await serveUconDb()
    const site = makeSite(dir())
    site.configure({}, '', { server_url: serverUrl, writer_user: writer.user, writer_password: writer.password })
    site.addRuns([1, 2, 3])
    await runArchiver([site.configPath, '--import-only'])
    const reference = { serverUrl, folderName: 'runs', objectName: 'configuration', writer }
    await using archive = await openArchive(reference)
    await archive.put('2', Buffer.from('not a run blob'))
    await runArchiver([site.configPath, '--migrate-only'])
    const sound = await verify(site, ['--runs', '1,3'])
    expect(sound).toMatchObject({ code: 0, result: { same: 2 } })
    const path = documentOf(site, 3, 'DemoReceiver2')
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('DemoReceiver2', 'DemoReceiver8'))
    const { code, result } = await verify(site)
    expect(code).toBe(1)
    expect(result.findings).toMatchObject([
      { kind: 'archive-damaged', run: 2, error: expect.stringContaining("it does not begin with a 'Start of Record'") },
      { kind: 'differs', run: 3, changed: ['crttop03.fcl'] },
    ])
  })

  test('a server that goes away stops it with a partial result and exit 1', async () => {
    const { serverUrl, writer, stop } = await serveUconDb()
    const site = makeSite(dir())
    site.configure({ batch_size: 100 }, '', {
      server_url: serverUrl,
      writer_user: writer.user,
      writer_password: writer.password,
      timeout_seconds: 0.3,
    })
    site.addRuns([1, 2])
    await runArchiver([site.configPath])
    await stop()
    const { code, stderr } = await runArchiver(['verify', site.configPath])
    expect(code).toBe(1)
    expect(stderr).toContain(serverUrl)
  })

  test.each([
    ['--runs', '5-'],
    ['--runs', '9-5'],
    ['--runs', '1-2-3'],
    ['--runs', ''],
    ['--sample', '0'],
    ['--sample', '1.5'],
  ])('refuses %s "%s" with exit 2', async (flag, value) => {
    expect((await runArchiver(['verify', `${flag}=${value}`, 'none.yaml'])).code).toBe(2)
  })
})
