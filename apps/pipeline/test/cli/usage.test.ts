import { describe, expect, test } from 'vitest'
import { parseCommandLine } from '../../src/cli/parse-command-line.js'
import { BOOK_YAML, useCommandSite } from '../support/spawn-pipeline.js'

const site = useCommandSite()

const WRONG: readonly (readonly [args: readonly string[], complaint: string])[] = [
  [[], 'missing command'],
  [['fly'], "unknown command 'fly'"],
  [['run', '--input', 'a'], "missing required argument 'file'"],
  [['run', 'p.yaml'], "required option '--input <path>' not specified"],
  [['run', 'p.yaml', '--input', 'a', '--jobs', '0'], 'whole number from 1 on'],
  [['run', 'p.yaml', '--input', 'a', '--max-retries', '-1'], 'whole number from 0 on'],
  [['run', 'p.yaml', '--input', 'a', '--fast'], "unknown option '--fast'"],
  [['run', 'p.yaml', '--input', 'a', '--job', '2'], '(Did you mean --jobs?)'],
  [['batch', 'p.yaml', '--input', 'a', '--parallel', 'x'], 'whole number from 1 on'],
  [['history', '--limit', '1.5'], 'whole number from 1 on'],
  [['doctor', 'p.yaml', '--min-free', 'much'], "It must look like '500MB'"],
  [['clean', 'p.yaml', '--older-than', 'old'], "It must be a time such as '30d'"],
  [['restore'], "missing required argument 'backup'"],
  [['explain', 'p.yaml', '--input', 'a'], "missing required argument 'phase'"],
]

describe('parseCommandLine()', () => {
  test.each(WRONG)('refuses %j', (args, complaint) => {
    let message = ''
    try {
      parseCommandLine(args, '1.0.0')
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain(complaint)
    expect(message).toContain("See 'pipeline --help'")
  })

  test('takes --json and --dry-run before and after the command', () => {
    for (const args of [
      ['--dry-run', 'run', 'p.yaml', '--input', 'a'],
      ['run', 'p.yaml', '--dry-run', '--input', 'a'],
    ]) {
      expect(parseCommandLine(args, '1.0.0')).toMatchObject({ dryRun: true })
    }
  })

  test('prints help and version', () => {
    expect(parseCommandLine(['--version'], '1.2.3')).toEqual({ printed: '1.2.3\n' })
    expect(parseCommandLine(['--help'], '1.2.3')).toEqual({
      printed: expect.stringMatching(/^Usage: pipeline .*Exit codes:/s),
    })
    expect(parseCommandLine(['run', '--help'], '1.2.3')).toEqual({ printed: expect.stringContaining('--max-retries') })
  })
})

describe('pipeline', () => {
  test('wrong usage is exit code 2; with --json one document, on stdout', async () => {
    const { code, stdout, stderr } = await site.run('run', '--input', 'a')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain("pipeline: missing required argument 'file'")
    expect(await site.json('fly')).toMatchObject({ code: 2, document: { error: { code: 'ERR_USAGE' }, exitCode: 2 } })
  })

  test.each([
    [['--phases', '9'], "has no phase '9'"],
    [['--phases', '3-1'], "The range of phases '3-1' runs backwards"],
    [['--from', 'phase9'], "has no phase 'phase9'; did you mean 'phase1'?"],
    [['--set', 'voise=x'], "has no parameter 'voise'; did you mean 'voice'?"],
    [['--set', 'voice'], "'voice' is no parameter with a value"],
    [['--set', 'speed=fast'], "'speed=fast' must be a number"],
    [['--set', 'pitch=low'], "'pitch' is a parameter of single phases"],
  ])('%j is wrong usage, too, and nothing is run', async (args, complaint) => {
    site.write('book.yaml', BOOK_YAML)
    site.write('book.txt', 'x\n')
    const before = site.snapshot()
    const { code, stderr } = await site.run('run', 'book.yaml', '--input', 'book.txt', ...args)
    expect(code).toBe(2)
    expect(stderr).toContain(complaint)
    expect(site.snapshot()).toEqual(before)
  })
})
