/**
 * Invariant: wherever a process is killed while it stores and folds, each run is stored whole or not at all, no run that was stored before is
 * touched, storing once more leads to the same database as an undisturbed store, and nothing else is left behind.
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openRunDatabase } from '@holdfast/artdaqdb'
import { crashSweep, useTempDir } from '@holdfast/testkit'
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
