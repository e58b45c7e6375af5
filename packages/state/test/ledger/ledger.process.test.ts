import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startChild, useTempDir } from '@holdfast/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { fileOf, openQuietly, readJson, writeJson } from './support.js'

const dir = useTempDir()
const LOOP = new URL('../fixtures/ledger-loop.mjs', import.meta.url)
const ORIGINAL = fileURLToPath(new URL('../fixtures/original.py', import.meta.url))
const PROCESSES = 8
const CALLS = 100
const names = Array.from({ length: PROCESSES }, (_, index) => `p${index}`)

function isMissing(program: string): boolean {
  const missing = spawnSync(program, ['--version']).error !== undefined
  if (missing && process.env['CI'] !== undefined)
    throw new Error(`${program} is missing, and CI must not skip its tests`)
  if (missing) process.stderr.write(`SKIPPED: the test beside ${program}, which this machine does not have\n`)
  return missing
}

/** All at once; resolves when all have ended well. */
async function runAll(path: string, storage: string): Promise<void> {
  const children = names.map((name) =>
    startChild(LOOP, { args: [path, storage, name, String(CALLS)], deadlineMs: 60_000 }),
  )
  await Promise.all(children.map((child) => child.ready()))
  for (const child of children) child.send({ type: 'go' })
  for (const child of children) expect({ ...(await child.exited), stderr: child.stderr() }).toMatchObject({ code: 0 })
}

const expectedIds = names.flatMap((name) => Array.from({ length: CALLS }, (_, number) => `${name}-${number}`))

test.skipIf(isMissing('python3'))(
  '8 processes with 100 calls each lose nothing, while a Python program changes the same file under the same flock',
  { timeout: 60_000 },
  async () => {
    const path = fileOf(dir(), 'json')
    writeJson(path, { version: 2, processed: {}, failed: {}, kept: { by: ['others'] } })
    const python = spawn('python3', [ORIGINAL, path, '60'], { stdio: ['ignore', 'ignore', 'pipe'] })
    onTestFinished(() => void python.kill('SIGKILL'))
    const pythonEnded = once(python, 'exit')
    await runAll(path, 'json')
    expect(await pythonEnded).toEqual([0, null])
    const fromPython = Array.from({ length: 60 }, (_, number) => `python-${number}`)
    const state = readJson(path)
    expect(Object.keys(state.processed).sort()).toEqual([...expectedIds, ...fromPython].sort())
    expect(state).toMatchObject({ python_count: 60, kept: { by: ['others'] } })
    const check = `import json,sys; text=open(sys.argv[1],encoding='utf-8').read(); assert text==json.dumps(json.loads(text),indent=2,ensure_ascii=False,sort_keys=True)`
    expect(spawnSync('python3', ['-c', check, path]).stderr.toString()).toBe('')
  },
)

test.each(['journal', 'sqlite'] as const)(
  '8 processes with 100 calls each lose nothing (%s)',
  { timeout: 60_000 },
  async (kind) => {
    const path = fileOf(dir(), kind)
    await runAll(path, kind)
    await using ledger = await openQuietly(path, { storage: kind })
    expect((await ledger.list()).processed.map(({ id }) => id).sort()).toEqual(expectedIds.toSorted())
  },
)

test('changes that wait together in one process are one commit, each with its own result', async () => {
  const path = fileOf(dir(), 'json')
  await using ledger = await openQuietly(path)
  await ledger.checkpointStage({ asin: 'HALF' }, 'staged')
  const results = await Promise.allSettled([
    ledger.markProcessed({ asin: 'A' }),
    ledger.markProcessed({ asin: 'HALF' }),
    ledger.markFailed({ asin: 'B' }, 'no'),
    ledger.markFailed({ asin: 'B' }, 'no'),
    ledger.clear('nobody'),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  const state = readJson(path)
  expect(Object.keys(state.processed)).toEqual(['A', 'HALF'])
  expect(state.failed['B']).toMatchObject({ retry_count: 2 })
  // One commit: the state before it is that of the first call.
  expect(Object.keys(readJson(`${path}.bak`).processed)).toEqual(['HALF'])
  expect(readFileSync(`${path}.bak`, 'utf8')).not.toContain('"B"')
})
