import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRunDatabase } from '@holdfast/artdaqdb'
import { startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { asRecord, sampleExport, sampleRun } from './sample-run.js'

const dir = useTempDir()
const SCRIPT = new URL('fixtures/store-runs.mjs', import.meta.url)

test('processes that store at the same time lose nothing and store a common run once', {
  timeout: 60_000,
}, async () => {
  const root = join(dir(), 'db')
  const uri = `filesystemdb://${root}`
  const shares = [0, 1, 2].map((child) => [100, ...Array.from({ length: 15 }, (_, at) => child * 15 + at + 1)])
  const children = shares.map((runs) =>
    startChild(SCRIPT, {
      args: [uri, JSON.stringify(runs.map((run) => sampleRun(run)))],
      env: { WAIT_FOR_START: '1' },
    }),
  )
  await Promise.all(children.map((child) => child.ready()))
  for (const child of children) child.send({ type: 'start' })
  const done = await Promise.all(children.map((child) => child.waitFor('done')))
  for (const child of children) expect(await child.exited).toEqual({ code: 0, signal: null })
  const outcomes = done.flatMap(({ outcomes: list }) => list)
  expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(46)
  expect(outcomes.filter((outcome) => outcome === 'already-stored')).toHaveLength(2)
  const index: unknown = JSON.parse(readFileSync(join(root, 'RunHistory', 'index.json'), 'utf8'))
  expect(index).toMatchObject({ ouid: { length: 46 * 3 } })
  await using database = await openRunDatabase({ uri, readOnly: true })
  expect((await database.listRuns()).size).toBe(46)
  for (const run of shares.flat()) expect(asRecord(await database.exportRun(run))).toEqual(sampleExport(run))
  expect(await database.check()).toEqual({ documents: 46 * 5, problems: [] })
})
