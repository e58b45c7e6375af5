import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { bash, failedEntry, layOut, mamfast, onTerminal, processedEntry, quote, readLedger } from './support.js'

const tempDir = useTempDir()

describe('what is chosen', () => {
  test.each([
    { flags: ['--status', 'STAGED'], ids: ['B0STAGED'] },
    { flags: ['--status', 'staged,torrent-created'], ids: ['B0TORRENT', 'B0STAGED'] },
    { flags: ['--status', 'STAGED', 'FAILED'], ids: ['B0STAGED', 'B0FAILED'] },
    { flags: ['--since', '2026-03-03'], ids: ['B0TORRENT', 'B0FAILED'] },
    { flags: ['--since', '2026-03-02T11:00', '--processed'], ids: ['B0TORRENT'] },
    { flags: ['--since', '1d'], ids: [] },
    { flags: ['-n', '0'], ids: [] },
    { flags: ['--failed', '--processed'], ids: ['B0TORRENT', 'B0STAGED', 'B0DONE', 'B0FAILED'] },
  ])('$flags shows $ids', async ({ flags, ids }) => {
    const path = layOut(tempDir(), {
      processed: {
        B0DONE: processedEntry({ processed_at: '2026-03-01T10:00:00' }),
        B0STAGED: processedEntry({ processed_at: '2026-03-02T10:00:00', status: 'STAGED' }),
        B0TORRENT: processedEntry({ processed_at: '2026-03-03T10:00:00', status: 'TORRENT_CREATED' }),
      },
      failed: { B0FAILED: failedEntry({ failed_at: '2026-03-04T10:00:00' }) },
    })
    const { code, stdout } = await mamfast(['state', 'list', ...flags, '-s', path])
    expect(code).toBe(0)
    expect(stdout.match(/B0[A-Z]+/g) ?? []).toEqual(ids)
    expect(stdout).toContain('  Processed: 3\n  Failed: 1\n')
  })

  test('--json keeps to what is chosen, and to an id of digits only', async () => {
    const path = layOut(tempDir(), {
      processed: {
        '1234567890': processedEntry({ x: [1, { y: 'ü' }] }),
        B0DONE: processedEntry({ processed_at: '2026-01-01' }),
      },
    })
    const { stdout } = await mamfast(['state', 'list', '--json', '--processed', '--limit', '1', '-s', path])
    expect(JSON.parse(stdout)).toEqual({
      processed: { '1234567890': readLedger(path).processed['1234567890'] },
      stats: { processed: 2, failed: 0 },
    })
  })

  test('entries of the first programs, without most fields or with null in them, are shown', async () => {
    const path = layOut(tempDir(), {
      processed: { B0A: { title: null, processed_at: null, status: null }, B0B: {} },
      failed: { B0C: { error: null, failed_at: 7, retry_count: null } },
    })
    const { code, stdout } = await mamfast(['state', 'list', '-s', path])
    expect(code).toBe(0)
    expect(stdout).toContain('  B0A\n    Unknown | null | no date\n  B0B\n    Unknown | COMPLETE | no date\n')
    expect(stdout).toContain('  B0C\n    Unknown\n    Unknown error | retries: 0 | no date\n')
  })
})

describe('titles are text', () => {
  test.each([
    { title: 'Salt [unabridged] :book: [/x] [m4b]', shown: 'Salt [unabridged] :book: [/x] [m4b]' },
    { title: 'Red\u001b[31m\u0007\u009b2J\nNext\r\t', shown: 'Red\\u001b[31m\\u0007\\u009b2J\\nNext\\r\\t' },
    { title: 'abc\u202efed\u2066\u200f', shown: 'abc\\u202efed\\u2066\\u200f' },
    { title: '50% %s $HOME `id` \\n', shown: '50% %s $HOME `id` \\n' },
  ])('$title', async ({ title, shown }) => {
    const path = layOut(tempDir(), { processed: { [title]: processedEntry({ title }) } })
    const listed = await mamfast(['state', 'list', '-s', path])
    expect(listed.stdout).toContain(`  ${shown}\n    ${shown} | COMPLETE | 2026-03-01\n`)
    const { screen } = await onTerminal(['state', 'show', title, '-s', path], { columns: 200, env: { NO_COLOR: '1' } })
    expect(screen).toContain(`${shown}\n    Title: ${shown}\n`)
    const json = await mamfast(['state', 'list', '--json', '-s', path])
    expect(Object.keys(JSON.parse(json.stdout).processed)).toEqual([title])
    expect(json.stdout).not.toMatch(/[\u007f-\u009f\u202e\u2066\u200f]/)
  })
})

describe('width and colour', () => {
  const title = '深夜図書館の長い長い題名'.repeat(6)
  const id = `/srv/library/${'Untagged Folder '.repeat(8)}`

  function longReleases(): string {
    return layOut(tempDir(), {
      processed: { [id]: processedEntry({ title }) },
      failed: { B0EXAMPLE3: failedEntry({ error: `line one\n${'very long '.repeat(20)}` }) },
    })
  }

  /** Columns of a line in which every character that is not ASCII is a wide one, `…` aside. */
  const widthOf = (line: string): number => [...line].reduce((sum, c) => sum + (c > '~' && c !== '…' ? 2 : 1), 0)

  test.each([30, 60, 80])(
    'no line is wider than a terminal of %i columns, and status and date are seen if they fit',
    async (columns) => {
      const { code, screen } = await onTerminal(['state', 'list', '-s', longReleases()], {
        columns,
        env: { NO_COLOR: '1' },
      })
      expect(code).toBe(0)
      const lines = screen.split('\n')
      expect(lines.filter((line) => widthOf(line) > columns)).toEqual([])
      expect(lines.filter((line) => line.includes('…')).length).toBeGreaterThanOrEqual(3)
      if (columns >= 60) expect(screen).toMatch(/^ {4}深夜.*… \| COMPLETE \| 2026-03-01$/m)
    },
  )

  test('in a pipe nothing is cut, whatever COLUMNS says', async () => {
    const { stdout } = await mamfast(['state', 'list', '-s', longReleases()], { env: { COLUMNS: '20' } })
    expect(stdout).toContain(`  ${id}\n    ${title} | COMPLETE | 2026-03-01\n`)
    expect(stdout).toContain('very long '.repeat(20))
    expect(stdout).not.toContain('…')
  })

  test('a terminal gets colour', async () => {
    const { screen } = await onTerminal(['state', 'list', '-s', longReleases()])
    expect(screen).toContain('\u001b[1mState Summary\u001b[22m\n  Processed: \u001b[32m1\u001b[39m\n')
  })

  test.each([{ NO_COLOR: '1' }, { NO_COLOR: 'false' }, { TERM: 'dumb' }])(
    'a terminal with %j gets none',
    async (env) => {
      const { screen } = await onTerminal(['state', 'list', '-s', longReleases()], { env })
      expect(screen).toContain('State Summary\n  Processed: 1\n')
      expect(screen).not.toContain('\u001b')
    },
  )

  test('NO_COLOR that is empty does not count', async () => {
    const { screen } = await onTerminal(['state', 'list', '-s', longReleases()], { env: { NO_COLOR: '' } })
    expect(screen).toContain('\u001b[1mState Summary')
  })

  test('a pipe gets no colour, not even with FORCE_COLOR or from a terminal', async () => {
    const path = longReleases()
    const { stdout } = await bash(`FORCE_COLOR=1 mamfast state list -s ${quote(path)} | cat`)
    expect(stdout).toContain('State Summary')
    expect(stdout).not.toContain('\u001b')
  })
})
