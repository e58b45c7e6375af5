import { describe, expect, test } from 'vitest'
import { parseCommandLine } from '../../src/cli/options.js'

const parse = (line: string): ReturnType<typeof parseCommandLine> =>
  parseCommandLine(line.split(' ').filter(Boolean), '1.2.3')
const AT_EIGHT = Date.parse('2026-03-01T08:00:00Z')

describe('parseCommandLine()', () => {
  test.each([
    ['show d.json', { name: 'show', pointer: '', at: undefined, backup: undefined }],
    [
      'show d.json /a~1b/0 --at 2026-03-01T08:00:00Z',
      { name: 'show', pointer: '/a~1b/0', at: AT_EIGHT, backup: undefined },
    ],
    ['show --backup b d.json', { name: 'show', pointer: '', at: undefined, backup: 'b' }],
    ['history d.json', { name: 'history', limit: 20 }],
    ['history --limit 3 d.json', { name: 'history', limit: 3 }],
    ['backups d.json', { name: 'backups', limit: 10 }],
    ['restore d.json b -y', { name: 'restore', backup: 'b', to: undefined, yes: true }],
    ['restore d.json --to 2026-03-01T08:00', { name: 'restore', backup: undefined, to: AT_EIGHT, yes: false }],
    ['diff d.json a current', { name: 'diff', before: 'a', after: 'current' }],
    ['verify d.json', { name: 'verify' }],
    ['checkpoint d.json', { name: 'checkpoint' }],
  ])('%s', (line, request) => {
    expect(parse(line)).toMatchObject({ request, options: { document: 'd.json', waitMs: 10_000, dryRun: false } })
  })

  test.each([
    '--dry-run --json --folder f --log-name l --key-file k1 --key-file k2 --accept-plain --wait 0.5 verify d.json',
    'verify --dry-run --json --folder f --log-name l --key-file k1 --key-file k2 --accept-plain --wait 0.5 d.json',
    'verify d.json --dry-run --json --folder f --log-name l --key-file k1 --key-file k2 --accept-plain --wait 0.5',
  ])('takes common options anywhere: %s', (line) => {
    expect(parse(line)).toMatchObject({
      options: { dryRun: true, folder: 'f', logName: 'l', keyFiles: ['k1', 'k2'], acceptPlain: true, waitMs: 500 },
    })
  })

  test.each([
    ['', 'missing command'],
    ['show', "missing required argument 'document'"],
    ['frobnicate d.json', "unknown command 'frobnicate'"],
    ['show d.json a/b', "does not start with '/'"],
    ['show d.json /a~2', "'~'"],
    ['show d.json /a /b', 'too many arguments'],
    ['show d.json --at yesterday', 'must look like'],
    ['show d.json --at 2026-02-30', 'must look like'],
    ['show d.json --at 2026-03-01 --backup b', 'cannot be used with'],
    ['show d.json --limit 3', "unknown option '--limit'"],
    ['history d.json --limit 0', 'whole number from 1 on'],
    ['history d.json --limit 1e3', 'whole number from 1 on'],
    ['restore d.json', "give either a backup or '--to'"],
    ['restore d.json b --to 2026-03-01', "give either a backup or '--to'"],
    ['diff d.json current', "missing required argument 'after'"],
    ['verify d.json --wait soon', 'number of seconds'],
    ['verify d.json --accept-plain', "needs '--key-file'"],
  ])('refuses: %s', (line, complaint) => {
    expect(() => parse(line)).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringContaining(complaint) }),
    )
  })

  test.each([
    ['--help', 'Exit codes:'],
    ['show --help', '--at <instant>'],
    ['--version', '1.2.3'],
  ])('%s only prints', (line, text) => {
    expect(parse(line)).toEqual({ printed: expect.stringContaining(text) })
  })
})
