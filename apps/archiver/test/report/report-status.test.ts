import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { makeStatusReport } from '../../src/report/status-report.js'
import { runArchiver } from '../support/run-archiver.js'
import { makeSite, type Site } from '../support/site.js'

const dir = useTempDir()
const CHECK = ['--compare-state', '--exit-code']

async function archivedSite(): Promise<Site> {
  const site = makeSite(dir())
  site.addRuns([101, 102, 103])
  expect((await runArchiver([site.configPath])).code).toBe(0)
  return site
}

function writeState(site: Site, stage: 'importer' | 'migrator', contiguous: number, attempted: number): void {
  writeFileSync(
    join(site.workDir, `${stage}_state.json`),
    `{"last_contiguous_run": ${contiguous}, "last_attempted_run": ${attempted}}\n`,
  )
}

describe('--report-status', () => {
  test('prints the three stores in the form that operators know', async () => {
    const site = await archivedSite()
    site.addRuns(Array.from({ length: 12 }, (_, index) => 110 + index * 2))
    const { code, stdout } = await runArchiver([site.configPath, '--report-status'])
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(8, 16)).toEqual([
      'FILESYSTEM (Source)',
      '-'.repeat(70),
      `  Location:        ${site.recordsDir}`,
      '  Total Runs:      15',
      '  Range:           101 to 132',
      '  Contiguous:      101-103, 110, 112, 114, 116 ... 124, 126, 128, 130, 132 (13 ranges total)',
      '  Gaps:            104, 105, 106, 107, 108, 109, 111, 113, 115, 117, 119, 121, 123, 125, 127, 129, 131',
      '',
    ])
    expect(stdout).toContain('1. Run IMPORTER: 12 run(s) on filesystem not in artdaqDB (range: 110-132)')
  })

  test('does not call runs missing because a store cannot be read', async () => {
    const site = await archivedSite()
    rmSync(site.archiveDir, { recursive: true })
    const { code, stdout } = await runArchiver([site.configPath, '--compare-state'])
    expect(code).toBe(1)
    expect(stdout).toContain('CANNOT BE READ')
    expect(stdout).toContain('Not compared, since a store cannot be read')
    expect(stdout).not.toContain('Missing in')
  })

  test('--json holds everything that the text says', async () => {
    const site = await archivedSite()
    site.addRuns([99, 105])
    const { stdout } = await runArchiver([site.configPath, '--compare-state', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      filesystem: {
        location: site.recordsDir,
        totalRuns: 5,
        firstRun: 99,
        lastRun: 105,
        ranges: [
          [99, 99],
          [101, 103],
          [105, 105],
        ],
        gaps: [
          [100, 100],
          [104, 104],
        ],
        missingRuns: 2,
      },
      ucondb: { folder: 'runs', object: 'configuration', totalRuns: 3, gaps: [] },
      stages: {
        import: {
          comparable: true,
          readable: true,
          lastContiguousRun: 103,
          lastAttemptedRun: 103,
          missing: [99],
          newRuns: [105],
        },
        migration: { missing: [], newRuns: [], late: [], failures: [] },
      },
      recommendations: [{ kind: 'import', runs: 2, firstRun: 99, lastRun: 105 }],
      discrepancies: [{ kind: 'missing-runs', stage: 'import', runs: [99] }],
      complete: true,
      exitCode: 0,
    })
    const without = JSON.parse((await runArchiver([site.configPath, '--report-status', '--json'])).stdout)
    expect(Object.keys(without)).toEqual([
      'filesystem',
      'artdaqdb',
      'ucondb',
      'recommendations',
      'complete',
      'exitCode',
    ])
  })
})

describe('--compare-state --exit-code', () => {
  test('exits 0 when all agree, when there are no runs, and when runs are new', async () => {
    const empty = makeSite(dir())
    expect((await runArchiver([empty.configPath, ...CHECK])).code).toBe(0)
    empty.addRuns([1, 2])
    expect((await runArchiver([empty.configPath, ...CHECK])).code).toBe(0)
    await runArchiver([empty.configPath])
    expect((await runArchiver([empty.configPath, ...CHECK])).code).toBe(0)
    empty.addRuns([3, 4])
    expect((await runArchiver([empty.configPath, ...CHECK])).code).toBe(0)
  })

  test('a logged failure that a retry would take is no discrepancy', async () => {
    const site = makeSite(dir())
    site.addRuns([101, 102, 103])
    site.breakRun(102)
    expect((await runArchiver([site.configPath])).code).toBe(1)
    expect((await runArchiver([site.configPath, ...CHECK])).code).toBe(0)
  })

  test.each<[string, string, (site: Site) => void]>([
    [
      'missing-runs',
      'counted as archived, but gone from UconDB',
      (site) => rmSync(join(site.archiveDir, 'runs', 'configuration', '102')),
    ],
    [
      'late-runs',
      'passed over',
      (site) => {
        writeState(site, 'importer', 103, 110)
        site.addRuns([105])
      },
    ],
    [
      'failures-arrived',
      'logged as failed, but archived',
      (site) => writeFileSync(join(site.workDir, 'migrate_failures.log'), '102\n'),
    ],
    [
      'failures-without-record',
      'logged as failed, but nowhere',
      (site) => writeFileSync(join(site.workDir, 'import_failures.log'), '104\n'),
    ],
    ['state-problem', 'a counter above every run', (site) => writeState(site, 'migrator', 103, 9_000)],
    [
      'state-missing',
      'a state that is gone',
      (site) => {
        for (const name of readdirSync(site.workDir))
          if (name.startsWith('importer_state')) rmSync(join(site.workDir, name))
      },
    ],
    [
      'state-problem',
      'a state that is damaged',
      (site) => {
        rmSync(join(site.workDir, 'importer_state.json.bak'), { force: true })
        writeFileSync(join(site.workDir, 'importer_state.json'), '{corrupted')
      },
    ],
    ['store-unreadable', 'an archive that is not mounted', (site) => rmSync(site.archiveDir, { recursive: true })],
    ['store-unreadable', 'a damaged database', (site) => damageDatabase(site)],
  ])('exits 1 on %s: %s', async (kind, _, spoil) => {
    const site = await archivedSite()
    spoil(site)
    const { code, stdout } = await runArchiver([site.configPath, ...CHECK, '--json'])
    expect(JSON.parse(stdout).discrepancies.map((one: { kind: string }) => one.kind)).toContain(kind)
    expect(code).toBe(1)
    const complete: boolean = JSON.parse(stdout).complete
    expect((await runArchiver([site.configPath, '--compare-state'])).code).toBe(complete ? 0 : 1)
  })
})

function damageDatabase({ databaseDir }: Site): void {
  writeFileSync(join(databaseDir, '.holdfast.journal'), 'not a journal line\nor this\n')
}

describe('--html', () => {
  test('writes one page, and changes neither result nor exit code', async () => {
    const site = await archivedSite()
    site.breakRun(102)
    site.addRuns([104])
    const page = join(dir(), 'report.html')
    const plain = await runArchiver([site.configPath, '--report-status'])
    const withPage = await runArchiver([site.configPath, '--html', page])
    expect(withPage).toMatchObject({ code: plain.code, stdout: plain.stdout })
    expect(withPage.stderr).toContain(`The report is a page now: '${page}'`)
    const text = readFileSync(page, 'utf8')
    expect(text).toContain('<strong>Nothing failed:</strong> 1 run not yet in artdaqDB: for the next execution')
    expect(text).toContain(`archiver ${site.configPath} --import-only --incremental`)
    expect(readdirSync(dir()).filter((name) => name.includes('holdfast'))).toEqual([])
    const compared = await runArchiver([site.configPath, '--compare-state'])
    const both = await runArchiver([site.configPath, '--compare-state', '--html', page])
    expect(both).toMatchObject({ code: compared.code, stdout: compared.stdout })
  })

  test('a damaged state is on the page, and changes the exit code of a comparison only', async () => {
    const site = await archivedSite()
    rmSync(join(site.workDir, 'importer_state.json.bak'), { force: true })
    writeFileSync(join(site.workDir, 'importer_state.json'), '{corrupted')
    const page = join(dir(), 'report.html')
    expect((await runArchiver([site.configPath, '--report-status', '--html', page])).code).toBe(0)
    expect(readFileSync(page, 'utf8')).toContain('<strong>Damaged state:</strong>')
    expect((await runArchiver([site.configPath, '--compare-state', '--html', page])).code).toBe(1)
    expect(readFileSync(join(site.workDir, 'importer_state.json'), 'utf8')).toBe('{corrupted')
  })

  test('replaces a page as a whole, and leaves it alone when its folder is not there or it is a folder', async () => {
    const site = await archivedSite()
    const page = join(dir(), 'report.html')
    writeFileSync(page, 'old')
    expect((await runArchiver([site.configPath, '--html', page])).code).toBe(0)
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
    const lost = await runArchiver([site.configPath, '--html', join(dir(), 'none', 'r.html')])
    expect(lost.code).toBe(1)
    expect(lost.stderr).toContain(`there is no folder '${join(dir(), 'none')}'; Make the folder first`)
    mkdirSync(join(dir(), 'folder'))
    const folder = await runArchiver([site.configPath, '--html', join(dir(), 'folder')])
    expect(folder).toMatchObject({ code: 1, stdout: '' })
    expect(folder.stderr).toContain('it is a folder')
  })

  test('a dry run writes no page', async () => {
    const site = await archivedSite()
    const page = join(dir(), 'report.html')
    const { code, stderr } = await runArchiver([site.configPath, '--html', page, '--dry-run'])
    expect({ code, isThere: existsSync(page) }).toEqual({ code: 0, isThere: false })
    expect(stderr).toContain('A dry run writes no page')
  })
})

test('makeStatusReport() takes 200,000 runs in any order, in thousands of pieces, in less than two seconds', async () => {
  const site = makeSite(dir())
  mkdirSync(site.workDir)
  const shuffled = Array.from({ length: 200_000 }, (_, index) => ((index * 7_919) % 200_000) + 1)
  for (const stage of ['importer', 'migrator'] as const) writeState(site, stage, 150_000, 200_000)
  writeFileSync(join(site.workDir, 'import_failures.log'), shuffled.filter((run) => run % 3 === 0).join('\n'))
  const { loadConfig } = await import('../../src/index.js')
  const { config } = await loadConfig(site.configPath, { env: {}, workDir: undefined, currentDir: '/' })
  const sources = {
    filesystem: async () => new Set(shuffled),
    artdaqdb: async () => new Set(shuffled.filter((run) => run % 3 !== 0)),
    ucondb: async () => new Set(shuffled.filter((run) => run % 15 === 1)),
  }
  const quiet = () => undefined
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, critical: quiet, named: () => logger }
  const before = process.threadCpuUsage()
  const report = await makeStatusReport(config, sources, { compareState: true, logger })
  const { user, system } = process.threadCpuUsage(before)
  // Of the processor, not of the wall: other tests run beside this one.
  expect((user + system) / 1000).toBeLessThan(2000)
  expect(report.recommendations).toEqual([
    { kind: 'import', runs: 66_666, firstRun: 3, lastRun: 199_998 },
    { kind: 'migrate', runs: 120_000, firstRun: 2, lastRun: 200_000 },
  ])
  expect(report.stages?.import).toMatchObject({ lastContiguousRun: 150_000, late: [] })
  expect(report.stages?.import.missing).toHaveLength(50_000)
  expect(report.stages?.migration.late).toHaveLength(120_000)
})
