/**
 * Invariant: wherever a process is killed while it stores and folds, each run is stored whole or not at all, no run that was stored before is
 * touched, storing once more leads to the same database as an undisturbed store, and nothing else is left behind.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openRunDatabase } from '@holdfast/artdaqdb'
import { crashSweep, startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { asRecord, sampleExport, sampleRun } from './sample-run.js'

const dir = useTempDir()
const SCRIPT = new URL('fixtures/store-runs.mjs', import.meta.url)

test('a kill at any file operation of storing two runs and folding loses nothing', { timeout: 240_000 }, async () => {
  const root = join(dir(), 'db')
  const uri = `filesystemdb://${root}`
  const outcomes = new Set<string>()
  const kills = await crashSweep(
    SCRIPT,
    {
      args: [uri, JSON.stringify([sampleRun(2, []), sampleRun(3, [])])],
      prepare: async () => {
        rmSync(root, { recursive: true, force: true })
        await using database = await openRunDatabase({ uri })
        await database.storeRun(sampleRun(1, []))
      },
    },
    async () => {
      await using reader = await openRunDatabase({ uri, readOnly: true })
      const seen = await reader.listRuns()
      for (const run of seen.keys()) expect(asRecord(await reader.exportRun(run))).toEqual(sampleExport(run, []))
      await checkAfterRestart(uri, [2, 3], outcomes, [...seen.keys()])
      expect(readdirSync(root).sort()).toEqual(['.holdfast.lock', 'RunHistory', 'SystemLayout', 'SystemMetadata'])
    },
  )
  expect(kills).toBeGreaterThan(40)
  expect(outcomes).toEqual(new Set(['stored', 'already-stored']))
})

test('a kill at every second file operation of making a database loses nothing', { timeout: 240_000 }, async () => {
  const root = join(dir(), 'db')
  const uri = `filesystemdb://${root}`
  const outcomes = new Set<string>()
  const { update, ...run } = sampleRun(1, [])
  const prepare = (): void => rmSync(root, { recursive: true, force: true })
  await crashSweep(SCRIPT, { args: [uri, JSON.stringify([run])], prepare, step: 2 }, async () => {
    await using database = await openRunDatabase({ uri })
    outcomes.add((await database.storeRun(run)).outcome)
    await database.fold()
    expect(await database.check()).toEqual({ documents: 2, problems: [] })
    expect(readdirSync(join(root, 'SystemMetadata'))).toHaveLength(1)
    expect(readdirSync(root).sort()).toEqual(['.holdfast.lock', 'RunHistory', 'SystemLayout', 'SystemMetadata'])
  })
  expect(outcomes).toEqual(new Set(['stored', 'already-stored']))
})

test.each(['intent', 'commit'])(
  'a kill while a crash after the %s is being repaired loses nothing',
  { timeout: 240_000 },
  async (last) => {
    const root = join(dir(), 'db')
    const uri = `filesystemdb://${root}`
    const crashed = join(dir(), 'crashed')
    await crashAfter(last, root, uri)
    cpSync(root, crashed, { recursive: true })
    const prepare = (): void => {
      rmSync(root, { recursive: true })
      cpSync(crashed, root, { recursive: true })
    }
    const kills = await crashSweep(SCRIPT, { args: [uri, '[]'], prepare }, async () => {
      await checkAfterRestart(uri, [2, 3], new Set(), last === 'commit' ? [1, 2, 3] : [1])
      expect(readdirSync(root).sort()).toEqual(['.holdfast.lock', 'RunHistory', 'SystemLayout', 'SystemMetadata'])
    })
    expect(kills).toBeGreaterThan(5)
  },
)

/** Kills a process that stores runs 2 and 3 once the journal ends with such a record, after an intent with documents in place. */
async function crashAfter(last: string, root: string, uri: string): Promise<void> {
  const args = [uri, JSON.stringify([sampleRun(2, []), sampleRun(3, [])])]
  for (let atOperation = 20; ; atOperation += 1) {
    rmSync(root, { recursive: true, force: true })
    const database = await openRunDatabase({ uri })
    await database.storeRun(sampleRun(1, []))
    await database.close()
    const { signal } = await startChild(SCRIPT, { args, crash: { atOperation } }).exited
    if (signal !== 'SIGKILL') throw new Error(`No kill left the journal with a last ${last}`)
    const journal = join(root, '.holdfast.journal')
    const line = existsSync(journal) ? readFileSync(journal, 'utf8').trimEnd().split('\n').at(-1) : undefined
    const hasDocuments = readdirSync(join(root, 'RunHistory')).length > 4
    if (line?.includes(`"type":"${last}"`) && hasDocuments) return
  }
}

async function checkAfterRestart(
  uri: string,
  runs: readonly number[],
  outcomes: Set<string>,
  seen: readonly number[],
): Promise<void> {
  await using database = await openRunDatabase({ uri })
  expect([...(await database.listRuns()).keys()].sort()).toEqual([...seen].sort())
  for (const run of runs) {
    const { outcome } = await database.storeRun(sampleRun(run, []))
    expect(outcome).toBe(seen.includes(run) ? 'already-stored' : 'stored')
    outcomes.add(outcome)
  }
  for (const run of [1, ...runs]) expect(asRecord(await database.exportRun(run))).toEqual(sampleExport(run, []))
  await database.fold()
  expect(await database.check()).toEqual({ documents: 12, problems: [] })
}
