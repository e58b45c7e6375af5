import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { ReleaseLedger } from '@holdfast/state'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import {
  failedEntry,
  fingerprint,
  layOut,
  mamfast,
  onTerminal,
  processedEntry,
  readLedger,
  staleEntries,
} from './support.js'

const tempDir = useTempDir()
const INFOHASH = '0f1e2d3c4b5a69788796a5b4c3d2e1f001234567'

describe('which releases', () => {
  test('several ids at once; those that are not there stop nobody', async () => {
    const path = layOut(tempDir(), {
      failed: { B0A: failedEntry(), B0B: failedEntry(), B0C: failedEntry() },
    })
    const { code, stdout } = await mamfast(['state', 'retry', 'B0A', 'B0NONE', 'B0C', 'B0A', '-s', path])
    expect(code).toBe(0)
    expect(stdout.match(/Cleared failed state for: B0[AC]|Not found in failed state: B0NONE/g)).toHaveLength(3)
    expect(Object.keys(readLedger(path).failed)).toEqual(['B0B'])
  })

  test.each(['clear', 'retry', 'show'])(
    '%s --by-infohash finds the release by its torrent, in lower or upper case',
    async (action) => {
      const path = layOut(tempDir(), {
        processed: { B0A: processedEntry({ infohash: INFOHASH, status: 'STAGED' }), B0B: processedEntry() },
        failed: { B0A: failedEntry() },
      })
      const { code, stdout } = await mamfast([
        'state',
        action,
        '--by-infohash',
        INFOHASH.toUpperCase(),
        'f'.repeat(40),
        '-s',
        path,
      ])
      expect(code).toBe(0)
      expect(stdout).toContain('B0A')
      expect(stdout).toMatch(/Not found.*: f{40}/)
      expect(Object.keys(readLedger(path).processed)).toEqual(action === 'clear' ? ['B0B'] : ['B0A', 'B0B'])
      expect(Object.keys(readLedger(path).failed)).toEqual(action === 'retry' ? [] : ['B0A'])
    },
  )

  test('an id that is a folder, or begins with a dash', async () => {
    const path = layOut(tempDir(), {
      processed: { '/srv/library/A b {x}': processedEntry(), '--dry-run': processedEntry() },
    })
    const { code } = await mamfast(['state', 'clear', '-s', path, '--', '/srv/library/A b {x}', '--dry-run'])
    expect(code).toBe(0)
    expect(readLedger(path).processed).toEqual({})
  })
})

describe('clear', () => {
  test('--stage clears that stage of the release', async () => {
    const checkpoints = {
      staged_at: '2026-03-01T10:00:00',
      metadata_at: '2026-03-01T11:00:00',
      torrent_at: '2026-03-01T12:00:00',
    }
    const path = layOut(tempDir(), {
      processed: { B0A: processedEntry({ checkpoints, status: 'TORRENT_CREATED', infohash: INFOHASH }) },
    })
    const { code, stdout } = await mamfast(['state', 'clear', '--stage', 'torrent', 'B0A', '-s', path])
    expect(code).toBe(0)
    expect(stdout).toContain("Cleared stage 'torrent' state for: B0A\n")
    await using ledger = await ReleaseLedger.open(path)
    expect(await ledger.getCheckpoint('B0A', 'torrent')).toBeUndefined()
    expect(await ledger.getCheckpoint('B0A', 'metadata')).toEqual(new Date('2026-03-01T11:00:00'))
    expect(await ledger.get('B0A')).toMatchObject({ processed: { status: 'METADATA_FETCHED' } })
  })

  test('--failed drops the failure, too', async () => {
    const path = layOut(tempDir(), { processed: { B0A: processedEntry() }, failed: { B0A: failedEntry() } })
    await mamfast(['state', 'clear', 'B0A', '--failed', '-s', path])
    expect(readLedger(path)).toMatchObject({ processed: {}, failed: {} })
  })

  test('without --failed the failure stays', async () => {
    const path = layOut(tempDir(), { processed: { B0A: processedEntry() }, failed: { B0A: failedEntry() } })
    await mamfast(['state', 'clear', 'B0A', '-s', path])
    expect(Object.keys(readLedger(path).failed)).toEqual(['B0A'])
  })
})

describe('prune', () => {
  test('refuses when a whole folder is missing, in a dry run, too, unless it is forced', async () => {
    const path = layOut(tempDir(), { processed: staleEntries(tempDir(), 2) })
    rmSync(join(tempDir(), 'seed'), { recursive: true })
    const before = fingerprint(tempDir())
    const dry = await mamfast(['state', 'prune', '--dry-run', '-s', path])
    expect(dry.code).toBe(1)
    expect(dry.stdout).toContain('Would refuse to remove anything')
    const refused = await mamfast(['state', 'prune', '-s', path])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/Refused to prune 2 releases .*seed'\n.*--force/)
    expect(Object.keys(readLedger(path).processed)).toHaveLength(2)
    expect(fingerprint(tempDir())).toMatchObject(before)
    const forced = await mamfast(['state', 'prune', '--force', '-s', path])
    expect(forced.code).toBe(0)
    expect(readLedger(path).processed).toEqual({})
  })

  test('--json tells what went', async () => {
    const path = layOut(tempDir(), { processed: staleEntries(tempDir(), 1) })
    const { stdout } = await mamfast(['state', 'prune', '--json', '-s', path])
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: false,
      stale: [{ id: 'B0STALE000', status: 'STAGED', missing: [{ field: 'staging_dir' }] }],
      failed: [],
    })
  })
})

describe('the question on a terminal', () => {
  const many = 11

  test.each([
    { answer: 'y\n', code: 0, left: 0 },
    { answer: 'yes\n', code: 0, left: 0 },
    { answer: 'n\n', code: 1, left: many },
    { answer: '\n', code: 1, left: many },
    { answer: '\u0004', code: 1, left: many },
  ])('$answer to the removal of more than 10 leaves $left, exit code $code', async ({ answer, code, left }) => {
    const path = layOut(tempDir(), { processed: staleEntries(tempDir(), many) })
    const finished = await onTerminal(['state', 'prune', '-s', path], { columns: 300, answer })
    expect(finished.screen).toContain(`Remove 11 stale entries from '${path}'? [y/N] `)
    expect(finished.code).toBe(code)
    expect(Object.keys(readLedger(path).processed)).toHaveLength(left)
  })

  test.each([
    { name: '10 entries', count: 10, flags: [] },
    { name: '11 entries with --yes', count: 11, flags: ['--yes'] },
    { name: '11 entries in a dry run', count: 11, flags: ['--dry-run'] },
  ])('is not asked for $name', async ({ count, flags }) => {
    const path = layOut(tempDir(), { processed: staleEntries(tempDir(), count) })
    const { code, screen } = await onTerminal(['state', 'prune', ...flags, '-s', path])
    expect(code).toBe(0)
    expect(screen).not.toContain('[y/N]')
  })

  test('is not asked where nobody sits', async () => {
    const path = layOut(tempDir(), { processed: staleEntries(tempDir(), many) })
    const { code, stderr } = await mamfast(['state', 'prune', '-s', path])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(readLedger(path).processed).toEqual({})
  })

  test.each(['clear', 'retry'])('is asked by %s, too', async (action) => {
    const ids = Array.from({ length: many }, (_, index) => `B0MANY${index}`)
    const path = layOut(tempDir(), {
      processed: Object.fromEntries(ids.map((id) => [id, processedEntry()])),
      failed: Object.fromEntries(ids.map((id) => [id, failedEntry()])),
    })
    const { code, screen } = await onTerminal(['state', action, ...ids, '-s', path], { columns: 300, answer: 'n\n' })
    expect(screen).toContain('[y/N] ')
    expect(code).toBe(1)
    expect(Object.keys(readLedger(path).processed)).toHaveLength(many)
    expect(Object.keys(readLedger(path).failed)).toHaveLength(many)
  })

  test('Ctrl-C ends it with 130 and changes nothing', async () => {
    const path = layOut(tempDir(), { processed: staleEntries(tempDir(), many) })
    const { code, screen } = await onTerminal(['state', 'prune', '-s', path], { answer: '\u0003' })
    expect(screen).toContain('Interrupted')
    expect(code).toBe(130)
    expect(Object.keys(readLedger(path).processed)).toHaveLength(many)
  })
})

describe('other commands', () => {
  test('show tells all that is known, as JSON just as it is in the file', async () => {
    const path = layOut(tempDir(), {
      processed: { B0A: processedEntry({ infohash: INFOHASH, checkpoints: { staged_at: '2026-03-01T10:00:00' } }) },
      failed: { B0A: failedEntry({ error_type: 'TrackerError' }) },
    })
    const { stdout } = await mamfast(['state', 'show', 'B0A', 'B0NONE', '-s', path])
    for (const part of [
      'Glass Tide',
      'Ida Marsh',
      'COMPLETE',
      'staged: 2026-03-01 10:00:00',
      INFOHASH,
      '2 times',
      'TrackerError',
    ])
      expect(stdout).toContain(part)
    expect(stdout).toContain('  → Not found: B0NONE\n')
    const json = await mamfast(['state', 'show', 'B0A', 'B0NONE', '--json', '-s', path])
    const { processed, failed } = readLedger(path)
    expect(JSON.parse(json.stdout)).toEqual({
      releases: [{ id: 'B0A', processed: processed.B0A, failed: failed.B0A }],
      notFound: ['B0NONE'],
    })
  })

  test('check finds what is wrong, and ends with 1 only for errors', async () => {
    const good = layOut(tempDir(), { processed: { B0A: processedEntry() } })
    expect(await mamfast(['state', 'check', '-s', good])).toMatchObject({
      code: 0,
      stdout: '  ✓ Nothing is wrong: 1 processed, 0 failed\n',
    })
    const bad = layOut(tempDir(), {
      processed: { B0A: processedEntry({ status: 'ODD' }) },
      failed: { B0B: failedEntry({ error: null }) },
    })
    const { code, stdout } = await mamfast(['state', 'check', '-s', bad])
    expect(code).toBe(1)
    expect(stdout).toContain('  ✗ B0A: The status is "ODD" [unknown-status]\n')
    expect(stdout).toContain('1 processed, 1 failed; 1 errors, 1 warnings\n')
    const json = await mamfast(['state', 'check', '--json', '-s', bad])
    expect(JSON.parse(json.stdout)).toMatchObject({
      counts: { processed: 1, failed: 1 },
      problems: [{ ids: ['B0A'] }, { ids: ['B0B'] }],
    })
  })

  test('check finds a book under its ASIN and its folder, and merge makes one of them', async () => {
    const folder = '/srv/library/Glass Tide {ASIN.B0EXAMPLE1}'
    const path = layOut(tempDir(), {
      processed: { B0EXAMPLE1: processedEntry({ status: 'STAGED' }), [folder]: processedEntry({ infohash: INFOHASH }) },
    })
    const { stdout } = await mamfast(['state', 'check', '-s', path])
    expect(stdout).toContain("merge into 'B0EXAMPLE1' [duplicate]")
    expect(await mamfast(['state', 'merge', folder, '--into', 'B0EXAMPLE1', '-s', path])).toMatchObject({ code: 0 })
    expect(readLedger(path).processed).toMatchObject({
      B0EXAMPLE1: { asin: 'B0EXAMPLE1', status: 'COMPLETE', infohash: INFOHASH },
    })
    expect(Object.keys(readLedger(path).processed)).toEqual(['B0EXAMPLE1'])
  })

  test('convert makes a database that every command works on, and back', async () => {
    const path = layOut(tempDir(), { processed: { B0A: processedEntry() }, failed: { B0B: failedEntry() } })
    const [database, back] = [join(tempDir(), 'ledger.db'), join(tempDir(), 'back.json')]
    const { code, stdout } = await mamfast(['state', 'convert', database, '-s', path])
    expect(code).toBe(0)
    expect(stdout).toContain(`Converted 1 processed and 1 failed entries from json to sqlite: ${database}\n`)
    expect(await mamfast(['state', 'retry', 'B0B', '-s', database])).toMatchObject({ code: 0 })
    const again = await mamfast(['state', 'convert', database, '-s', path])
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('--overwrite')
    expect(await mamfast(['state', 'convert', back, '-s', database])).toMatchObject({ code: 0 })
    expect(readLedger(back)).toEqual({ ...readLedger(path), failed: {} })
    expect(await mamfast(['state', 'convert', database, '--overwrite', '-s', path])).toMatchObject({ code: 0 })
    const { stdout: listed } = await mamfast(['state', 'list', '--json', '-s', database])
    expect(JSON.parse(listed).stats).toEqual({ processed: 1, failed: 1 })
  })
})
