/** Every promise of step 4 of the hardening plan, by the real command on real files. */
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

describe('mamfast state list', () => {
  function manyReleases(): string {
    const day = (index: number): string => String(index + 1).padStart(2, '0')
    const ids = Array.from({ length: 25 }, (_, index) => index)
    return layOut(tempDir(), {
      processed: Object.fromEntries(
        ids.map((index) => [
          `B0PROC00${day(index)}`,
          processedEntry({ processed_at: `2026-03-${day(index)}T10:00:00`, title: `Book ${index}` }),
        ]),
      ),
      failed: Object.fromEntries(
        ids.map((index) => [
          `B0FAIL00${day(index)}`,
          failedEntry({ failed_at: `2026-04-${day(index)}T10:00:00`, title: `Broken ${index}` }),
        ]),
      ),
    })
  }

  test('shows the counts and the most recent 20 of each', async () => {
    const { code, stdout, stderr } = await mamfast(['state', 'list', '--state-file', manyReleases()])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('\nState Summary\n  Processed: 25\n  Failed: 25\n\nProcessed Entries (most recent 20)\n\n')
    expect(stdout).toContain('  B0PROC0025\n    Book 24 | COMPLETE | 2026-03-25\n  B0PROC0024\n')
    expect(stdout).toContain('  B0FAIL0025\n    Broken 24\n    tracker refused the upload | retries: 2 | 2026-04-25\n')
    expect(stdout.match(/B0PROC\d+/g)).toHaveLength(20)
    expect(stdout.match(/B0FAIL\d+/g)).toHaveLength(20)
    expect(stdout.match(/\.\.\. and 5 more/g)).toHaveLength(2)
  })

  test.each([
    { flags: ['--failed'], shown: 'B0FAIL', left: 'B0PROC' },
    { flags: ['--processed'], shown: 'B0PROC', left: 'B0FAIL' },
  ])('$flags shows only those', async ({ flags, shown, left }) => {
    const { code, stdout } = await mamfast(['state', 'list', ...flags, '-s', manyReleases()])
    expect(code).toBe(0)
    expect(stdout).toContain(shown)
    expect(stdout).not.toContain(left)
  })

  test('--limit 3 shows three of each', async () => {
    const { stdout } = await mamfast(['state', 'list', '--limit', '3', '-s', manyReleases()])
    expect(stdout.match(/B0(PROC|FAIL)\d+/g)).toEqual([
      'B0PROC0025',
      'B0PROC0024',
      'B0PROC0023',
      'B0FAIL0025',
      'B0FAIL0024',
      'B0FAIL0023',
    ])
    expect(stdout).toContain('... and 22 more')
  })

  test('--json is one document with every entry as it is in the file', async () => {
    const path = manyReleases()
    const { stdout } = await mamfast(['state', 'list', '--json', '-s', path])
    expect(JSON.parse(stdout)).toEqual({
      processed: readLedger(path).processed,
      failed: readLedger(path).failed,
      stats: { processed: 25, failed: 25 },
    })
  })
})

describe('mamfast state prune', () => {
  test('shows what is stale and removes only that', async () => {
    const path = layOut(tempDir(), {
      processed: {
        ...staleEntries(tempDir(), 2),
        B0EXAMPLE1: processedEntry({ staging_dir: `${tempDir()}/seed/moved` }),
      },
      failed: { B0EXAMPLE3: failedEntry() },
    })
    const { code, stdout } = await mamfast(['state', 'prune', '-s', path])
    expect(code).toBe(0)
    expect(stdout).toContain('Stale Entries Found: 2\n\n  B0STALE000\n    Gone 0 | STAGED\n    Missing staging_dir: ')
    expect(stdout).toContain('  ✓ Removed 2 stale entries\n')
    expect(Object.keys(readLedger(path).processed)).toEqual(['B0EXAMPLE1'])
    expect(Object.keys(readLedger(path).failed)).toEqual(['B0EXAMPLE3'])
  })

  test.each([
    { flags: [], left: ['B0NEW', 'B0OLD'], stale: 0 },
    { flags: ['--stale-only'], left: ['B0NEW', 'B0OLD'], stale: 0 },
    { flags: ['--failed-older-than', '30d'], left: ['B0NEW'], stale: 1 },
    { flags: ['--stale-only', '--failed-older-than', '30'], left: ['B0NEW'], stale: 0 },
  ])('$flags leaves of the failed $left and $stale stale', async ({ flags, left, stale }) => {
    const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19)
    const path = layOut(tempDir(), {
      processed: staleEntries(tempDir(), 1),
      failed: { B0NEW: failedEntry({ failed_at: daysAgo(29) }), B0OLD: failedEntry({ failed_at: daysAgo(31) }) },
    })
    const { code } = await mamfast(['state', 'prune', ...flags, '-s', path])
    expect(code).toBe(0)
    expect(Object.keys(readLedger(path).failed)).toEqual(left)
    expect(Object.keys(readLedger(path).processed)).toHaveLength(stale)
  })
})

describe('mamfast state retry', () => {
  test('removes the release from the failed, so that its count begins anew and its next run resumes', async () => {
    const path = layOut(tempDir(), {
      processed: {
        B0EXAMPLE3: processedEntry({ status: 'STAGED', checkpoints: { staged_at: '2026-03-01T10:00:00' } }),
      },
      failed: { B0EXAMPLE3: failedEntry({ retry_count: 7 }) },
    })
    const { code, stdout } = await mamfast(['state', 'retry', 'B0EXAMPLE3', '-s', path])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        '  ✓ Cleared failed state for: B0EXAMPLE3 (failures: 7)\n' +
        '  → The release will be re-processed from STAGED on next run; --fresh begins at the start\n',
    })
    await using ledger = await ReleaseLedger.open(path)
    expect(await ledger.shouldSkipStage({ asin: 'B0EXAMPLE3' }, 'staged')).toBe(true)
    expect(await ledger.markFailed({ asin: 'B0EXAMPLE3' }, new Error('again'))).toMatchObject({ retryCount: 1 })
  })

  test('--fresh lets it begin at the first stage', async () => {
    const path = layOut(tempDir(), {
      processed: {
        B0EXAMPLE3: processedEntry({ status: 'STAGED', checkpoints: { staged_at: '2026-03-01T10:00:00' } }),
      },
      failed: { B0EXAMPLE3: failedEntry() },
    })
    await mamfast(['state', 'retry', '--fresh', 'B0EXAMPLE3', '-s', path])
    expect(readLedger(path)).toMatchObject({ processed: {}, failed: {} })
  })

  test('a release that is not there is told and no error', async () => {
    const { code, stdout } = await mamfast(['state', 'retry', 'B0NOWHERE0', '-s', layOut(tempDir())])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '  → Not found in failed state: B0NOWHERE0\n' })
  })
})

describe('mamfast state clear', () => {
  test('removes the release from the processed, checkpoints included', async () => {
    const path = layOut(tempDir(), {
      processed: {
        B0EXAMPLE1: processedEntry({ checkpoints: { staged_at: '2026-03-01T10:00:00' } }),
        B0EXAMPLE2: processedEntry(),
      },
    })
    const { code, stdout } = await mamfast(['state', 'clear', 'B0EXAMPLE1', '-s', path])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '  ✓ Cleared processed state for: B0EXAMPLE1\n  → The release will be fully re-processed on next run\n',
    })
    expect(Object.keys(readLedger(path).processed)).toEqual(['B0EXAMPLE2'])
    await using ledger = await ReleaseLedger.open(path)
    expect(await ledger.getCheckpoint('B0EXAMPLE1', 'staged')).toBeUndefined()
  })

  test('a release that is not there is told and no error', async () => {
    const { code, stdout } = await mamfast(['state', 'clear', 'B0NOWHERE0', '-s', layOut(tempDir())])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '  → Not found in processed state: B0NOWHERE0\n' })
  })
})

describe('every action that changes something', () => {
  const actions: readonly (readonly string[])[] = [
    ['prune', '--failed-older-than', '1d', '--stale-only'],
    ['retry', 'B0EXAMPLE3'],
    ['clear', 'B0EXAMPLE1'],
    ['clear', '--stage', 'staged', 'B0EXAMPLE1'],
    ['export', '--output', 'new/export.json'],
    ['convert', 'ledger.db'],
    ['merge', 'B0EXAMPLE1', '--into', 'B0EXAMPLE9'],
  ]

  function someReleases(): string {
    return layOut(tempDir(), {
      processed: {
        ...staleEntries(tempDir(), 1),
        B0EXAMPLE1: processedEntry({ checkpoints: { staged_at: '2026-03-01T10:00:00' } }),
      },
      failed: { B0EXAMPLE3: failedEntry() },
    })
  }

  test.each(actions.map((action) => ({ action })))(
    '%$: $action with --dry-run, before or after it, changes no byte',
    async ({ action }) => {
      const path = someReleases()
      const before = fingerprint(tempDir())
      for (const args of [
        ['--dry-run', 'state', ...action],
        ['state', '--dry-run', ...action],
        ['state', ...action, '--dry-run'],
      ]) {
        const { code, stdout, stderr } = await mamfast([...args, '-s', path], { cwd: tempDir() })
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        expect(stdout).toMatch(/^ {2}! Would .*\(dry-run\)$/m)
        expect(fingerprint(tempDir())).toEqual(before)
      }
    },
  )

  test.each(actions.map((action) => ({ action })))(
    '%$: $action without --dry-run does change something',
    async ({ action }) => {
      const path = someReleases()
      const before = fingerprint(tempDir())
      const { code } = await mamfast(['state', ...action, '-s', path], { cwd: tempDir() })
      expect(code).toBe(0)
      expect(fingerprint(tempDir())).not.toEqual(before)
    },
  )

  test('speaks through the same marks and colours', async () => {
    const path = someReleases()
    const { screen: cleared } = await onTerminal(['state', 'clear', 'B0EXAMPLE1', 'B0NOWHERE0', '-s', path])
    expect(cleared).toContain('  \u001b[32m✓\u001b[39m Cleared processed state for: B0EXAMPLE1\n')
    expect(cleared).toContain('  \u001b[36m→\u001b[39m Not found in processed state: B0NOWHERE0\n')
    const { screen: would } = await onTerminal(['state', 'retry', 'B0EXAMPLE3', '--dry-run', '-s', path])
    expect(would).toContain('  \u001b[33m!\u001b[39m Would clear failed entry: B0EXAMPLE3 (dry-run)\n')
  })
})
