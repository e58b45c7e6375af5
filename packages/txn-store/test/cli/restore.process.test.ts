import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, useTempDir } from '@holdfast/testkit'
import { StateReadError, TxnStore } from '@holdfast/txn-store'
import { beforeEach, describe, expect, test } from 'vitest'
import { BIN, commandIn, commitThrice, makeDocument, makeKeyFile, runShell, runState, snapshot } from './run-state.ts'

const dir = useTempDir()
/** A name that needs quotes. */
const folder = (): string => join(dir(), "it's a folder")
const path = (): string => join(folder(), 'pipeline.json')
beforeEach(() => {
  mkdirSync(folder())
})
const FIRST = 'pipeline_20260301_080002_000000.json.bak'

describe('holdfast-state restore', () => {
  test('restores a backup, and the printed command undoes it', async () => {
    await makeDocument(path())
    const before = readFileSync(path(), 'utf8')
    const restored = await runState(['restore', path(), FIRST, '--yes'])
    expect(restored).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toEqual({ count: 1, step1: { status: 'success' } })
    // It asks, and there is no terminal.
    expect(await runShell(commandIn(restored.stdout), dir())).toMatchObject({ code: 2 })
    expect(await runShell(`${commandIn(restored.stdout)} --yes`, dir())).toMatchObject({ code: 0 })
    expect(readFileSync(path(), 'utf8')).toBe(before)
    expect((await runState(['verify', path()])).stdout).toContain('is in order: 5 records, 4 backups')
  })

  test('restores what was at an instant', async () => {
    await makeDocument(path())
    const { code, stdout } = await runState(['restore', path(), '--to', '2026-03-01T09:00:02+01:00', '--yes', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ from: '2026-03-01T08:00:02.000Z', restored: true, changes: 2 })
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({ count: 2 })
  })

  test('refuses to replace a document without a question or --yes', async () => {
    await makeDocument(path())
    const before = snapshot(folder())
    const { code, stdout, stderr } = await runState(['restore', path(), FIRST])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain("add '--yes'")
    expect(snapshot(folder())).toEqual(before)
  })

  test('does nothing when the document is like that already', async () => {
    await makeDocument(path())
    const before = snapshot(folder())
    const { code, stdout } = await runState(['restore', path(), path(), '--yes', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ restored: false, changes: 0 })
    expect(snapshot(folder())).toEqual(before)
  })

  test('removes no backup and no history that the program which owns them keeps', async () => {
    const many = new TxnStore(path(), { maxBackups: 100 })
    for (let n = 1; n <= 61; n += 1) {
      await many.transaction((txn) => {
        txn.data['n'] = n
      })
    }
    await many.close()
    const names = readdirSync(join(folder(), '.pipeline', 'backups'))
    expect(names).toHaveLength(60)
    expect((await runState(['restore', path(), names[0] ?? '', '--yes'])).code).toBe(0)
    expect(readdirSync(join(folder(), '.pipeline', 'backups'))).toEqual(expect.arrayContaining(names))
  })

  test('tells who holds the lock and leaves everything as it is', async () => {
    await makeDocument(path())
    const holder = startChild(new URL('../fixtures/hold-transaction.mjs', import.meta.url), { args: [path()] })
    await holder.ready()
    const { code, stdout, stderr } = await runState(['restore', path(), FIRST, '--yes', '--wait', '0.2'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`by process ${holder.pid} on `)
    expect(stderr).toContain('--wait SECONDS')
    expect((await runState(['show', path(), '/count'])).stdout).toBe('3\n')
    holder.send({ type: 'end', how: 'rollback' })
    await holder.exited
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({ count: 3 })
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('stops waiting for the lock at %s', async (signal) => {
    await makeDocument(path())
    const holder = startChild(new URL('../fixtures/hold-transaction.mjs', import.meta.url), { args: [path()] })
    await holder.ready()
    const before = readFileSync(path(), 'utf8')
    const waiting = startChild(new URL('../fixtures/cli-until-it-waits.mjs', import.meta.url), {
      args: ['restore', path(), FIRST, '--yes', '--wait', '9'],
      env: { HOLDFAST_STATE_BIN: BIN },
    })
    await waiting.waitFor('waiting')
    waiting.kill(signal)
    expect(await waiting.exited).toEqual({ code: 130, signal: null })
    expect(waiting.stderr()).toContain(`Interrupted by ${signal}; nothing was changed`)
    expect(readFileSync(path(), 'utf8')).toBe(before)
  })
})

describe.runIf(process.getuid?.() === 0)('holdfast-state as root', () => {
  const NOBODY = 65_534

  test('makes no files that the owner of the document could not write', async () => {
    writeFileSync(path(), '{}')
    chownSync(path(), NOBODY, NOBODY)
    const before = snapshot(folder())
    const { code, stderr } = await runState(['checkpoint', path()])
    expect(code).toBe(1)
    expect(stderr).toContain("sudo -u '#65534'")
    expect(snapshot(folder())).toEqual(before)
  })

  test('leaves the document to its owner when nothing has to be made', async () => {
    await makeDocument(path())
    chownSync(path(), NOBODY, NOBODY)
    expect((await runState(['restore', path(), FIRST, '--yes'])).code).toBe(0)
    expect(statSync(path())).toMatchObject({ uid: NOBODY, gid: NOBODY })
  })
})

describe('the command that is printed for a document that cannot be read', () => {
  test.each([
    { what: 'half a document', spoil: () => writeFileSync(path(), '{"count": 3, "st') },
    { what: 'other bytes', spoil: () => writeFileSync(path(), Buffer.from([0xff, 0xfe, 0x00, 0x1b])) },
    { what: 'an empty file', spoil: () => writeFileSync(path(), '') },
    { what: 'no file', spoil: () => rmSync(path()) },
  ])('brings the newest commit back: $what', async ({ spoil }) => {
    await makeDocument(path())
    const committed = readFileSync(path(), 'utf8')
    spoil()
    const before = snapshot(folder())
    const shown = await runState(['show', path()])
    expect(shown).toMatchObject({ code: 1, stdout: '' })
    const verified = await runState(['verify', path()])
    expect(verified.code).toBe(1)
    expect(commandIn(verified.stdout)).toBe(commandIn(shown.stderr))
    expect(snapshot(folder())).toEqual(before)
    expect(await runShell(commandIn(shown.stderr), dir())).toMatchObject({ code: 0 })
    expect(readFileSync(path(), 'utf8')).toBe(committed)
    expect((await runState(['verify', path()])).code).toBe(0)
  })

  test('names the newest backup that is good when the history does not tell enough', async () => {
    await makeDocument(path(), { maxPatchBytes: 0 })
    const backups = join(folder(), '.pipeline', 'backups')
    writeFileSync(path(), 'damaged')
    writeFileSync(join(backups, 'pipeline_20260301_090000_000000.json.bak'), 'damaged too')
    const { stderr } = await runState(['show', path()])
    expect(stderr).toContain('Restore the newest good backup')
    expect(await runShell(commandIn(stderr), dir())).toMatchObject({ code: 0 })
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({ count: 2 })
    const aside = readdirSync(folder()).filter((name) => name.includes('.corrupt-'))
    expect(aside.map((name) => readFileSync(join(folder(), name), 'utf8'))).toEqual(['damaged'])
  })

  test('gives the key of an encrypted document along', async () => {
    const keyFile = makeKeyFile(join(dir(), 'the key'), 'a')
    await makeDocument(path(), { encryption: { keyFile } })
    writeFileSync(path(), readFileSync(path(), 'utf8').replace(/"data":"..../, '"data":"AAAA'))
    const { stderr } = await runState(['show', path(), '--key-file', keyFile])
    expect(await runShell(commandIn(stderr), dir())).toMatchObject({ code: 0 })
    const shown = await runState(['show', path(), '/count', '--key-file', keyFile])
    expect(shown).toMatchObject({ code: 0, stdout: '3\n' })
    expect(readFileSync(path(), 'utf8')).toContain('"encrypted document"')
  })

  test('goes on from the document when a line of its journal is damaged', async () => {
    await makeDocument(path(), { journal: true })
    await commitThrice(path(), { journal: true })
    const journal = join(folder(), '.pipeline', 'pipeline.json.journal')
    writeFileSync(journal, readFileSync(journal, 'utf8').replace('/count', '/coumt'))
    const { stderr } = await runState(['show', path()])
    expect(stderr).toContain(`Cannot read '${journal}'`)
    expect(await runShell(commandIn(stderr), dir())).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${journal}.corrupt-`),
    })
    expect((await runState(['show', path(), '/count'])).stdout).toBe('3\n')
    expect((await runState(['verify', path()])).code).toBe(0)
  })
})

describe("the command in the store's own error", () => {
  test.each([{}, { folder: 'kept beside' }])('restores the newest backup, %j', async (options) => {
    await makeDocument(path(), options)
    writeFileSync(path(), 'damaged')
    await using store = new TxnStore(path(), options)
    const error: unknown = await store.read().catch((reason: unknown) => reason)
    const hint = error instanceof StateReadError ? (error.hint ?? '') : ''
    expect(await runShell(hint.replace('Restore the newest good backup: ', ''), dir())).toMatchObject({ code: 0 })
    expect(await store.read()).toMatchObject({ count: 2 })
  })
})
