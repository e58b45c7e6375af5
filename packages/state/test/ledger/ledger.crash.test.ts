/**
 * A child is killed with SIGKILL before every single one of its file operations (SQLite: at many moments), in every kind of write. After each kill:
 * - the ledger opens without damage, and holds the state after the last acknowledged write, or that after the one that was under way;
 * - the file is never torn, and a good backup stays good;
 * - the next change goes through, and leaves no temporary file.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crashSweep, startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { ReleaseLedger } from '../../src/index.js'
import { fileOf, openQuietly, readJson, writeJson } from './support.js'

const dir = useTempDir()
const WRITE = new URL('../fixtures/ledger-write.mjs', import.meta.url)
const LOOP = new URL('../fixtures/ledger-loop.mjs', import.meta.url)
const TIMEOUT_MS = 120_000

const START = {
  failed: { F: { error: 'no', failed_at: '2026-03-01T21:00:00', retry_count: 1 } },
  processed: { '/a': { asin: null, status: 'STAGED', title: 'A' }, A: { status: 'COMPLETE', title: 'A' } },
  version: 2,
}

function prepare(): void {
  for (const name of readdirSync(dir())) rmSync(join(dir(), name), { recursive: true })
  writeJson(fileOf(dir(), 'json'), START)
}

/** The content after each of these writes; the first is that before all. */
async function statesAfter(names: readonly string[], storage: 'json' | 'journal'): Promise<string[]> {
  const states: string[] = []
  for (let count = 0; count <= names.length; count += 1) {
    prepare()
    const args = [fileOf(dir(), 'json'), storage, ['open', ...names.slice(0, count)].join(',')]
    expect(await startChild(WRITE, { args }).exited).toMatchObject({ code: 0 })
    await using ledger = await ReleaseLedger.open(fileOf(dir(), 'json'), { readOnly: true })
    states.push(await ledger.export())
  }
  return states
}

describe.each(['json', 'journal'] as const)('killed before any operation (%s)', (storage) => {
  test('checkpoint, failure, retry, completion, prune, merge and clear are whole or not at all', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const names = ['checkpoint', 'failed', 'retry', 'processed', 'prune', 'merge', 'clear']
    // Three apart: the operations of one commit come round at other places in the next.
    const states = await statesAfter(names, storage)
    expect(new Set(states).size).toBeGreaterThan(5)
    const path = fileOf(dir(), 'json')
    const kills = await crashSweep(
      WRITE,
      { args: [path, storage, names.join(',')], prepare, step: 3 },
      async (_, child) => {
        const acknowledged = child.stdout().split('\n').filter(Boolean).length
        expect(() => readJson(path)).not.toThrow()
        const warnings: string[] = []
        const logger = { info() {}, warn: (line: string) => void warnings.push(line), error() {} }
        await using ledger = await ReleaseLedger.open(path, { storage, logger })
        expect(states.slice(acknowledged, acknowledged + 2)).toContain(await ledger.export())
        expect(warnings.filter((line) => line.includes('damaged'))).toEqual([])
        await ledger.markProcessed({ asin: 'AFTER' })
        expect(readdirSync(dir()).filter((name) => name.endsWith('.tmp'))).toEqual([])
        if (existsSync(`${path}.bak`)) expect(() => readJson(`${path}.bak`)).not.toThrow()
      },
    )
    expect(kills).toBeGreaterThan(storage === 'json' ? 25 : 8)
  })
})

test('killed in the repair of a damaged file, the good backup stays and the next one repairs it', {
  timeout: TIMEOUT_MS,
}, async () => {
  const path = fileOf(dir(), 'json')
  const damage = '{"processed": {"A"'
  const prepareDamage = (): void => {
    prepare()
    writeJson(`${path}.bak`, START)
    writeFileSync(path, damage)
  }
  const kills = await crashSweep(WRITE, { args: [path, 'json', 'open'], prepare: prepareDamage }, async () => {
    expect(readJson(`${path}.bak`)).toEqual(START)
    await using ledger = await openQuietly(path)
    expect(JSON.parse(await ledger.export())).toEqual(START)
    expect(readJson(path)).toEqual(START)
    const aside = readdirSync(dir()).filter((name) => name.includes('.corrupt-'))
    expect(aside.map((name) => readFileSync(join(dir(), name), 'utf8'))).toContain(damage)
  })
  expect(kills).toBeGreaterThan(5)
})

test('killed in an export or a conversion, the target is whole or not there', { timeout: TIMEOUT_MS }, async () => {
  const path = fileOf(dir(), 'json')
  const kills = await crashSweep(WRITE, { args: [path, 'json', 'export,convert'], prepare }, async (_, child) => {
    expect(readJson(path)).toEqual(START)
    const acknowledged = child.stdout()
    if (existsSync(`${path}.export`)) expect(readJson(`${path}.export`)).toEqual(START)
    else expect(acknowledged).not.toContain('export')
    if (existsSync(`${path}.db`)) {
      await using ledger = await openQuietly(`${path}.db`)
      expect(JSON.parse(await ledger.export())).toEqual(START)
    } else expect(acknowledged).not.toContain('convert')
  })
  expect(kills).toBeGreaterThan(8)
})

test.each([0, 1, 2, 3])('SQLite, killed at moment %i of many writes, keeps what was acknowledged', async (moment) => {
  const path = fileOf(dir(), 'sqlite')
  const child = startChild(LOOP, { args: [path, 'sqlite', 'p', '100000'] })
  await child.ready()
  child.send({ type: 'go' })
  const wanted = 5 + moment * 17
  while (child.stdout().split('\n').length <= wanted) await new Promise((resolve) => setImmediate(resolve))
  child.kill('SIGKILL')
  expect(await child.exited).toMatchObject({ signal: 'SIGKILL' })
  const acknowledged = child.stdout().split('\n').slice(0, -1)
  await using ledger = await openQuietly(path)
  const { processed } = await ledger.list()
  const ids = new Set(processed.map(({ id }) => id))
  expect(acknowledged.length).toBeGreaterThanOrEqual(wanted)
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
  // The one under way when it was killed, and what was acknowledged while its output was on the way.
  expect([...ids].every((id) => /^p-\d+$/.test(id))).toBe(true)
  expect(new Set([...ids].map((id) => Number(id.slice(2)))).size).toBe(
    Math.max(...[...ids].map((id) => Number(id.slice(2)))) + 1,
  )
  await ledger.markProcessed({ asin: 'AFTER' })
})
