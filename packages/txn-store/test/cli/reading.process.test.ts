import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { beforeEach, describe, expect, test } from 'vitest'
import { commitThrice, makeDocument, makeKeyFile, runState, snapshot } from './run-state.ts'

const dir = useTempDir()
const folder = (): string => join(dir(), 'data')
const path = (): string => join(folder(), 'pipeline.json')
beforeEach(() => {
  mkdirSync(folder())
})

/** The second but newest backup: what the first commit made. */
const FIRST = 'pipeline_20260301_080002_000000.json.bak'

const COMMANDS: readonly { readonly line: string; readonly shows: string }[] = [
  { line: 'show pipeline.json', shows: '"count": 3' },
  { line: 'show pipeline.json /step2/status', shows: '"success"\n' },
  { line: 'show pipeline.json /count --at 2026-03-01T08:00:02Z', shows: '2\n' },
  { line: `show pipeline.json /count --backup ${FIRST}`, shows: '1\n' },
  { line: 'history pipeline.json --limit 1', shows: '2026-03-01T08:00:03.000Z  ok      step_commit  pid ' },
  { line: 'backups pipeline.json', shows: FIRST },
  { line: `diff pipeline.json ${FIRST} current`, shows: '~ /count: 1 -> 3\n' },
  { line: 'verify pipeline.json', shows: 'is in order: 3 records, 2 backups' },
  { line: `restore pipeline.json ${FIRST} --dry-run`, shows: '~ /count: 3 -> 1\n' },
  { line: '--dry-run restore pipeline.json --to 2026-03-01T08:00:01Z', shows: '~ /count: 3 -> 1\n' },
  { line: 'checkpoint pipeline.json --dry-run', shows: 'Nothing waits in the journal' },
]

describe('holdfast-state', () => {
  test.each(COMMANDS)('$line tells what is there and changes nothing', async ({ line, shows }) => {
    await makeDocument(path())
    const before = snapshot(folder())
    const { code, stdout, stderr } = await runState(line.split(' '), { cwd: folder() })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(shows)
    expect(snapshot(folder())).toEqual(before)
  })

  test.each([
    { line: 'show', shows: '{"a":1}' },
    { line: 'history', shows: '{"path":"…","records":[]}' },
    { line: 'backups', shows: '{"path":"…","total":0,"backups":[]}' },
    { line: 'checkpoint --dry-run', shows: '{"path":"…","commits":0,"dryRun":true}' },
  ])('$line of a document without a history makes no folder, lock or log', async ({ line, shows }) => {
    writeFileSync(path(), '{"a":1}')
    const before = snapshot(folder())
    const { code, stdout } = await runState(['--json', ...line.split(' '), path()])
    expect(code).toBe(0)
    expect(JSON.stringify(JSON.parse(stdout)).replace(path(), '…')).toBe(shows)
    expect(snapshot(folder())).toEqual(before)
  })

  test('sees what waits in a journal, and leaves it there', async () => {
    const store = await commitThrice(path(), { journal: true })
    const before = snapshot(folder())
    expect(await runState(['show', path(), '/count'])).toMatchObject({ code: 0, stdout: '3\n' })
    expect((await runState(['history', path()])).stdout.split('\n')).toHaveLength(4)
    expect((await runState(['verify', path()])).stdout).toContain('3 commits waiting in the journal')
    expect((await runState(['checkpoint', path(), '--dry-run'])).stdout).toContain(
      '3 commits from the journal would be',
    )
    expect(snapshot(folder())).toEqual(before)
    expect((await runState(['checkpoint', path()])).stdout).toContain('3 commits from the journal were written')
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({ count: 3 })
    expect((await runState(['verify', path()])).code).toBe(0)
    await store.transaction((txn) => {
      txn.data['count'] = 4
    })
    expect((await runState(['show', path(), '/count'])).stdout).toBe('4\n')
    await store.close()
  })

  test('reads an encrypted document with its key only, and changes nothing', async () => {
    const keyFile = makeKeyFile(join(dir(), 'key'), 'a')
    const other = makeKeyFile(join(dir(), 'other'), 'b')
    await makeDocument(path(), { encryption: { keyFile } })
    const before = snapshot(folder())
    expect(await runState(['show', path(), '/count', '--key-file', keyFile])).toMatchObject({ code: 0, stdout: '3\n' })
    const rotated = ['--key-file', other, '--key-file', keyFile]
    expect(await runState([...rotated, 'history', '--json', path()])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"/step3"'),
    })
    expect((await runState(['verify', path(), '--key-file', keyFile])).code).toBe(0)
    for (const [args, says] of [
      [['show', path()], 'Give the file that holds its key: --key-file FILE'],
      [['verify', path(), '--key-file', other], 'Give the file that holds that key'],
      [['restore', path(), '--to', '2026-03-01T08:00:01Z', '--yes', '--key-file', other], '--key-file gave '],
      [['show', path(), '--key-file', join(dir(), 'none')], 'Cannot use the key file'],
    ] as const) {
      const { code, stdout, stderr } = await runState(args)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(says)
    }
    expect(snapshot(folder())).toEqual(before)
  })

  test('show makes control characters harmless and keeps the value', async () => {
    const text = 'a\u001b[31m\u009b2J\u202eb\u0007 ü'
    writeFileSync(path(), JSON.stringify({ text }))
    for (const flags of [[], ['--json']]) {
      const { stdout } = await runState(['show', path(), ...flags])
      for (const harmful of ['\u001b', '\u009b', '\u202e', '\u0007']) expect(stdout).not.toContain(harmful)
      expect(stdout).toContain('ü')
      expect(JSON.parse(stdout)).toEqual({ text })
    }
  })

  test('history makes control characters of labels and operations harmless', async () => {
    await makeDocument(path(), { label: 'evil\u001b[2J\nlabel' })
    const { stdout } = await runState(['history', path(), '--limit', '1'])
    expect(stdout).toContain('(evil\\u001b[2J\\nlabel)')
    expect(stdout.split('\n')).toHaveLength(2)
  })

  test('show names the nearest place that is there', async () => {
    await makeDocument(path())
    const { code, stdout, stderr } = await runState(['show', path(), '/step1/metrics/duration'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`holdfast-state show ${path()} /step1\n`)
  })

  test('backups tells how many it left out', async () => {
    await makeDocument(path())
    const { stdout, stderr } = await runState(['backups', path(), '--limit', '1'])
    expect(stdout.split('\n')).toHaveLength(2)
    expect(stderr).toContain('1 older backup not shown; --limit 2 shows all')
  })

  test('diff --json prints the JSON Patch', async () => {
    await makeDocument(path())
    const { stdout } = await runState(['diff', path(), '2026-03-01T08:00:02Z', 'current', '--json'])
    expect(JSON.parse(stdout)).toEqual([
      { op: 'replace', path: '/count', value: 3 },
      { op: 'add', path: '/step3', value: { status: 'success' } },
    ])
  })

  test('looks into another folder and history', async () => {
    await makeDocument(path(), { folder: 'beside', logName: 'log' })
    const flags = ['--folder', 'beside', '--log-name', 'log']
    expect((await runState(['verify', path(), ...flags])).stdout).toContain('3 records, 2 backups')
  })
})
