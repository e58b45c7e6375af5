import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { beforeEach, describe, expect, test } from 'vitest'
import { BIN, commandIn, makeDocument, runProgram, runShell, runState, snapshot } from './run-state.ts'

const dir = useTempDir()
const folder = (): string => join(dir(), 'data')
const path = (): string => join(folder(), 'pipeline.json')
const log = (): string => join(folder(), '.pipeline', 'transactions.log')
const backup = (): string => join(folder(), '.pipeline', 'backups', 'pipeline_20260301_080002_000000.json.bak')
beforeEach(() => {
  mkdirSync(folder())
})

describe('holdfast-state verify', () => {
  test.each([
    {
      what: 'an edited line of the history',
      spoil: () => writeFileSync(log(), readFileSync(log(), 'utf8').replace('step_commit', 'stop_commit')),
      says: () => `${log()}:1: the line was edited`,
    },
    {
      what: 'a line of the history that was removed',
      spoil: () => {
        const [first, , third] = readFileSync(log(), 'utf8').split('\n')
        writeFileSync(log(), `${first}\n${third}\n`)
      },
      says: () => `${log()}:2: lines before it are missing`,
    },
    {
      what: 'a change by another program',
      spoil: () => writeFileSync(path(), '{"count":7}'),
      says: () => `'${path()}' is not what the newest record says`,
    },
    {
      what: 'a damaged backup',
      spoil: () => writeFileSync(backup(), '{"cou'),
      says: () => `Cannot read '${backup()}'`,
    },
    {
      what: 'a damaged document',
      spoil: () => writeFileSync(path(), '{"cou'),
      says: () => `Cannot read '${path()}'`,
    },
  ])('finds $what, changes nothing, and the printed command mends it', async ({ spoil, says }) => {
    await makeDocument(path())
    spoil()
    const before = snapshot(folder())
    const found = await runState(['verify', path()])
    expect(found).toMatchObject({ code: 1, stderr: '' })
    expect(found.stdout).toContain('has 1 problem')
    expect(found.stdout).toContain(says())
    const asJson: unknown = JSON.parse((await runState(['verify', path(), '--json'])).stdout)
    expect(asJson).toMatchObject({ ok: false, findings: [{ command: commandIn(found.stdout) }] })
    expect(snapshot(folder())).toEqual(before)
    expect((await runShell(commandIn(found.stdout), dir())).code).toBe(0)
    expect(await runState(['verify', path()])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('is in order'),
    })
  })

  test('says that a document without a history is in order', async () => {
    writeFileSync(path(), '{}')
    expect(await runState(['verify', path()])).toMatchObject({
      code: 0,
      stdout: `'${path()}' is in order: 0 records, 0 backups\n`,
    })
  })
})

describe('holdfast-state', () => {
  test.each([
    { line: '', code: 2, says: 'missing command' },
    { line: 'show', code: 2, says: "missing required argument 'document'" },
    { line: 'remove pipeline.json', code: 2, says: "unknown command 'remove'" },
    { line: 'history pipeline.json --limit many', code: 2, says: 'whole number' },
    { line: 'show nothing.json', code: 1, says: "There is no document '" },
    { line: 'restore pipeline.json nothing.bak --yes', code: 1, says: 'there is no such file' },
    { line: 'restore pipeline.json pipeline.json.lock --yes', code: 1, says: 'it is not JSON' },
    { line: 'show .pipeline', code: 1, says: 'it is not a regular file' },
  ])('$line ends with $code and changes nothing', async ({ line, code, says }) => {
    await makeDocument(path())
    const before = snapshot(folder())
    const finished = await runState(line.split(' ').filter(Boolean), { cwd: folder() })
    expect({ code: finished.code, stdout: finished.stdout }).toEqual({ code, stdout: '' })
    expect(finished.stderr).toContain(says)
    expect(finished.stderr).not.toContain('report it')
    expect(snapshot(folder())).toEqual(before)
  })

  test('prints one JSON document for an error, too', async () => {
    writeFileSync(path(), '{')
    const { code, stdout } = await runState(['show', path(), '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 1,
      error: { code: 'ERR_STATE_READ', hint: expect.any(String) },
    })
  })

  test('shows nothing of a damaged document that a terminal obeys', async () => {
    writeFileSync(path(), '\u001b[2J\u009b31m')
    const { stderr } = await runState(['show', path()])
    expect(stderr).toContain('\\u001b[2J')
    for (const harmful of ['\u001b', '\u009b']) expect(stderr).not.toContain(harmful)
  })

  test('does not mind a reader that went away', async () => {
    writeFileSync(path(), JSON.stringify({ lines: Array.from({ length: 100_000 }, (_, n) => `line ${n}`) }))
    const line = `set -o pipefail; '${process.execPath}' '${BIN}' show '${path()}' | head -n 1`
    expect(await runProgram('bash', ['-c', line], {})).toEqual({ code: 0, stdout: '{\n', stderr: '' })
  })

  test.runIf(existsSync('/dev/full'))('tells that the result could not be written', async () => {
    writeFileSync(path(), '{}')
    const line = `'${process.execPath}' '${BIN}' show '${path()}' > /dev/full`
    const { code, stderr } = await runProgram('bash', ['-c', line], {})
    expect(code).toBe(1)
    expect(stderr).toContain('its result cannot be written: ENOSPC')
  })

  test('tells that the disk was full in the middle of the result', async () => {
    const target = join(dir(), 'part.json')
    writeFileSync(path(), JSON.stringify({ lines: Array.from({ length: 20_000 }, (_, n) => `line ${n}`) }))
    const line = `trap '' XFSZ; ulimit -f 100; '${process.execPath}' '${BIN}' show '${path()}' > '${target}'`
    const { code, stderr } = await runProgram('bash', ['-c', line], {})
    expect(statSync(target).size).toBeGreaterThan(0)
    expect(code).toBe(1)
    expect(stderr).toContain('its result cannot be written: EFBIG')
  })
})
