import { describe, expect, test } from 'vitest'
import { parseCommandLine } from '../../src/cli/options.js'

const defaults = {
  configPath: 'config.yaml',
  mode: 'archive',
  incremental: false,
  catchUp: false,
  command: undefined,
  compareState: false,
  exitCode: false,
  htmlFile: undefined,
  validate: false,
  dryRun: false,
  json: false,
  workDir: undefined,
  console: 'normal',
}

describe('parseCommandLine()', () => {
  test.each([
    ['', {}],
    ['my.yaml', { configPath: 'my.yaml' }],
    ['--incremental my.yaml', { configPath: 'my.yaml', incremental: true }],
    ['--import-only', { mode: 'import-only' }],
    ['--migrate-only --validate', { mode: 'migrate-only', validate: true }],
    ['--retry-failed-import', { mode: 'retry-failed-import' }],
    ['--retry-failed-migrate', { mode: 'retry-failed-migrate' }],
    ['--recover-import-state', { mode: 'recover-import-state' }],
    ['--recover-migrate-state', { mode: 'recover-migrate-state' }],
    ['--rebuild-database-index', { mode: 'rebuild-database-index' }],
    ['--report-status', { mode: 'report-status' }],
    ['--compare-state', { mode: 'report-status', compareState: true }],
    ['--compare-state --exit-code', { mode: 'report-status', compareState: true, exitCode: true }],
    ['--html r.html', { mode: 'report-status', htmlFile: 'r.html' }],
    ['--report-status --html r.html', { mode: 'report-status', htmlFile: 'r.html' }],
    ['--report-status --compare-state', { mode: 'report-status', compareState: true }],
    ['watch', { command: { name: 'watch', intervalMs: 600_000, settleMs: 10_000 }, incremental: true }],
    [
      'watch my.yaml --interval 90s --settle 0.5s --migrate-only --catch-up',
      {
        command: { name: 'watch', intervalMs: 90_000, settleMs: 500 },
        configPath: 'my.yaml',
        mode: 'migrate-only',
        incremental: true,
        catchUp: true,
      },
    ],
    ['ucondb check', { command: { name: 'ucondb check' } }],
    ['ucondb create-folder my.yaml', { command: { name: 'ucondb create-folder' }, configPath: 'my.yaml' }],
    [
      '--json ucondb check my.yaml --dry-run',
      { command: { name: 'ucondb check' }, configPath: 'my.yaml', json: true, dryRun: true },
    ],
    ['show 12', { command: { name: 'show', run: 12 } }],
    ['show 12 my.yaml --json', { command: { name: 'show', run: 12 }, configPath: 'my.yaml', json: true }],
    ['failures', { command: { name: 'failures' } }],
    ['failures my.yaml --stage import', { command: { name: 'failures', stage: 'import' }, configPath: 'my.yaml' }],
    ['doctor my.yaml', { command: { name: 'doctor' }, configPath: 'my.yaml' }],
    ['extract 7 --output out', { command: { name: 'extract', run: 7, output: 'out' } }],
    [
      '--dry-run extract 7 my.yaml --output out',
      {
        command: { name: 'extract', run: 7, output: 'out' },
        configPath: 'my.yaml',
        dryRun: true,
      },
    ],
    ['verify', { command: { name: 'verify' } }],
    [
      'verify --runs 1-5,9 --sample 3 my.yaml',
      {
        command: {
          name: 'verify',
          runs: [
            [1, 5],
            [9, 9],
          ],
          sample: 3,
        },
        configPath: 'my.yaml',
      },
    ],
    ['--incremental --catch-up', { incremental: true, catchUp: true }],
    ['--dry-run --json', { dryRun: true, json: true }],
    ['--work-dir /w', { workDir: '/w' }],
    ['-v', { console: 'verbose' }],
    ['--quiet', { console: 'quiet' }],
  ])('reads "%s"', (line, expected) => {
    expect(parseCommandLine(line.split(' ').filter(Boolean), '1.2.3')).toEqual({
      options: { ...defaults, ...expected },
    })
  })

  test.each([
    ['--import-only --migrate-only', "option '--import-only' cannot be used with option '--migrate-only'"],
    ['--retry-failed-import --report-status', 'cannot be used with option'],
    ['--recover-import-state --recover-migrate-state', 'cannot be used with option'],
    ['--compare-state --import-only', "'--compare-state' cannot be used with option '--import-only'"],
    ['watch --interval soon', 'It is a number with ms, s, m or h'],
    ['watch --interval 0s', 'It is a number with ms, s, m or h'],
    ['watch --dry-run', "'watch' has no dry run"],
    ['watch --report-status', "option '--report-status' cannot be used with a command"],
    ['--exit-code', "option '--exit-code' needs '--compare-state'"],
    ['--report-status --exit-code', "option '--exit-code' needs '--compare-state'"],
    ['--html r.html --migrate-only', "option '--html' cannot be used with option '--migrate-only'"],
    ['--html', 'argument missing'],
    ['--import-only ucondb check', "option '--import-only' cannot be used with a command"],
    ['show', "missing required argument 'run'"],
    ['show x', "'x' is not a run number"],
    ['failures --stage both', 'Allowed choices are import, migration'],
    ['extract 5', "required option '--output <folder>' not specified"],
    ['verify --sample 0', 'It must be a whole number of at least 1'],
    ['verify --runs 9-1', "'9-1' ends before it begins"],
    ['ucondb chek', "unknown command 'chek'"],
    ['--catch-up', "option '--catch-up' needs '--incremental'"],
    ['-q -v', 'cannot be used with option'],
    ['--work-dir', 'argument missing'],
    ['--incremntal', "unknown option '--incremntal'"],
    ['a.yaml b.yaml', 'too many arguments'],
  ])('refuses "%s"', (line, message) => {
    expect(() => parseCommandLine(line.split(' '), '1.2.3')).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringContaining(message) }),
    )
  })

  test.each(['-h', '--help', '/?', '/h', '/help'])('"%s" prints the help', (flag) => {
    expect(parseCommandLine([flag], '1.2.3')).toEqual({
      printed: expect.stringMatching(/^Usage: archiver .*Exit codes:/s),
    })
  })

  test('"--version" prints the version', () => {
    expect(parseCommandLine(['--version'], '1.2.3')).toEqual({ printed: '1.2.3\n' })
  })
})
