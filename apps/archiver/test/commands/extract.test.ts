import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fillDisk, mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { openArchive } from '@holdfast/ucondb'
import { describe, expect, test } from 'vitest'
import { runArchiver } from '../support/run-archiver.js'
import { serveUconDb } from '../support/serve-ucondb.js'
import { makeSite, type Site } from '../support/site.js'

const dir = useTempDir()

async function archivedSite(): Promise<Site> {
  const site = makeSite(dir())
  site.addRuns([1])
  await runArchiver([site.configPath])
  return site
}

/** A blob with any names, as somebody else could have put it. */
async function put(site: Site, run: number, names: readonly string[], claimed = run): Promise<void> {
  const block = (word: string): string => `${word} of Record\nRun Number: ${claimed}\nPacked on Nov 21 00:15 UTC\n`
  const files = names.map((name) => `\n#####\n${name}:\n#####\ncontent\n`).join('')
  await using archive = await openArchive({
    serverUrl: `file://${site.archiveDir}`,
    folderName: 'runs',
    objectName: 'configuration',
  })
  await archive.put(String(run), Buffer.from(`${block('Start')}${files}\n${block('End')}`))
}

describe('archiver extract', () => {
  test('unpacks every file of the blob into a new folder, also below new ones, and says what', async () => {
    const site = await archivedSite()
    const { code, stdout } = await runArchiver(['extract', '1', '--output', 'a/b', site.configPath], { cwd: site.dir })
    expect(code).toBe(0)
    const folder = join(site.dir, 'a', 'b')
    expect(stdout).toMatch(/^Written: run 1, packed on .* UTC, 14 files, .* to .*\/a\/b\n/)
    expect(readdirSync(folder)).toHaveLength(14)
    const blob = site.blob(1)
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), 'utf8')
      expect(blob).toContain(`\n#####\n${name}:\n#####\n${text}`)
      expect(stdout).toContain(`  ${name} (${text.length} bytes)\n`)
    }
    expect(readdirSync(join(site.dir, 'a'))).toEqual(['b'])
  })

  test('an empty folder is filled; --json lists the files; --dry-run writes nothing', async () => {
    const site = await archivedSite()
    const folder = join(site.dir, 'out')
    const dry = await runArchiver(['extract', '1', '--output', folder, site.configPath, '--dry-run'])
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('Would write: run 1') })
    expect(existsSync(folder)).toBe(false)
    mkdirSync(folder)
    const { code, stdout } = await runArchiver(['extract', '1', '--output', folder, site.configPath, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ run: 1, folder, written: true, files: expect.any(Array) })
    expect(readdirSync(folder)).toHaveLength(14)
  })

  test.each([
    { what: 'a folder with something in it', make: (path: string) => mkdirSync(join(path, 'x'), { recursive: true }) },
    { what: 'a file', make: (path: string) => writeFileSync(path, 'mine') },
    { what: 'a link to an empty folder', make: (path: string) => symlinkSync(join(path, '..', 'empty'), path) },
    { what: 'a link that leads nowhere', make: (path: string) => symlinkSync('/no/such', path) },
  ])('refuses $what and leaves it', async ({ make }) => {
    const site = await archivedSite()
    mkdirSync(join(site.dir, 'empty'))
    const target = join(site.dir, 'target')
    make(target)
    const { code, stderr } = await runArchiver(['extract', '1', '--output', target, site.configPath])
    expect(code).toBe(1)
    expect(stderr).toContain(`Cannot extract into '${target}': it is there already and is not an empty folder`)
    expect(readdirSync(join(site.dir, 'empty'))).toEqual([])
    expect(readdirSync(site.dir).filter((name) => name.includes('.tmp'))).toEqual([])
  })

  test.each([
    [['../evil.fcl'], 'would leave the folder'],
    [['a/../../evil.fcl'], 'would leave the folder'],
    [['/etc/evil.fcl'], 'would leave the folder'],
    [['.'], 'would leave the folder'],
    [['..'], 'would leave the folder'],
    [['a//b'], 'would leave the folder'],
    [['a\0b'], 'holds characters that no file name may'],
    [['a\\..\\b'], 'holds characters that no file name may'],
    [['good.fcl', 'same.fcl', 'same.fcl'], 'occurs twice in run 5'],
    [['a/b', 'a'], 'is a file and a folder at once'],
  ])('refuses the names %j, and nothing is written', async (names, problem) => {
    const site = makeSite(dir())
    await put(site, 5, ['first.fcl', ...names])
    const before = readdirSync(site.dir)
    const { code, stderr } = await runArchiver([
      'extract',
      '5',
      '--output',
      join(site.dir, 'x', 'out'),
      site.configPath,
    ])
    expect(code).toBe(1)
    expect(stderr).toContain(problem)
    expect(readdirSync(site.dir)).toEqual(before)
  })

  test('names in folders and names that differ in case are kept apart', async () => {
    const site = makeSite(dir())
    await put(site, 5, ['sub/a.fcl', 'sub/deep/b.fcl', 'A.fcl', 'a.fcl'])
    const { code } = await runArchiver(['extract', '5', '--output', join(site.dir, 'out'), site.configPath])
    expect(code).toBe(0)
    expect(readdirSync(join(site.dir, 'out'), { recursive: true }).sort()).toEqual(
      ['A.fcl', 'a.fcl', 'sub', 'sub/a.fcl', 'sub/deep', 'sub/deep/b.fcl'].sort(),
    )
  })

  test('a blob that says it is another run is refused', async () => {
    const site = makeSite(dir())
    await put(site, 5, ['a.fcl'], 6)
    const { code, stderr } = await runArchiver(['extract', '5', '--output', join(site.dir, 'out'), site.configPath])
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('says that it is run 6') })
  })

  test('a damaged blob is not unpacked', async () => {
    const site = await archivedSite()
    const body = join(site.archiveDir, 'runs', 'configuration', '1')
    truncateSync(body, statSync(body).size - 10)
    const { code, stderr } = await runArchiver(['extract', '1', '--output', join(site.dir, 'out'), site.configPath])
    expect(code).toBe(1)
    expect(stderr).toContain("Archived version '1' is damaged")
    expect(existsSync(join(site.dir, 'out'))).toBe(false)
  })

  test('a run that is not archived is an error', async () => {
    const site = await archivedSite()
    const { code, stderr } = await runArchiver(['extract', '2', '--output', join(site.dir, 'out'), site.configPath])
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Nothing is archived under key '2'"),
    })
  })

  test('a disk that fills up leaves nothing', async ({ skip }) => {
    const disk = mountTinyFileSystem(1_000_000)
    if (disk === undefined) return skip('mounting needs root')
    const site = makeSite(dir())
    site.addRuns([1], { bytes: 600_000 })
    await runArchiver([site.configPath])
    fillDisk(disk, 300_000)
    const before = readdirSync(disk)
    const { code, stderr } = await runArchiver(['extract', '1', '--output', join(disk, 'out'), site.configPath])
    expect(code).toBe(1)
    expect(stderr).toContain('ENOSPC')
    expect(readdirSync(disk)).toEqual(before)
  })

  test('from a UconDB server', async () => {
    const { serverUrl, writer } = await serveUconDb()
    const site = makeSite(dir())
    site.configure({}, '', { server_url: serverUrl, writer_user: writer.user, writer_password: writer.password })
    site.addRuns([1])
    await runArchiver([site.configPath])
    const { code } = await runArchiver(['extract', '1', '--output', join(site.dir, 'out'), site.configPath])
    expect(code).toBe(0)
    expect(readFileSync(join(site.dir, 'out', 'RunHistory.fcl'), 'utf8')).toContain('run_number: 1')
    rmSync(join(site.dir, 'out'), { recursive: true })
  })
})
