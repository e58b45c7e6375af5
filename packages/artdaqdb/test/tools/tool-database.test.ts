import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { asRecord, sampleExport, sampleRun } from '../sample-run.js'
import { MONGO_URI, makeToolSite } from './tool-site.js'

const dir = useTempDir()

describe.each([
  ['here', {}],
  ['on another host', { remoteHost: 'daq@db01' }],
] as const)('a database through tools %s', (_, tools) => {
  test('stores a run, lists it, exports it and knows it the next time', async () => {
    const site = makeToolSite(dir())
    const database = await site.open(tools)
    expect(await database.listRuns()).toEqual(new Map())
    expect(await database.storeRun(sampleRun(7))).toEqual({ outcome: 'stored', documents: 4, differing: [] })
    await database.storeRun(sampleRun(3))
    await database.fold()
    const runs = await database.listRuns()
    expect([...runs.keys()]).toEqual([3, 7])
    expect(runs.get(7)).toEqual({
      run: 7,
      configuration: '7/beam-00012',
      configurations: ['7/beam-00012'],
      entities: new Set(['metadata', 'tpc01', 'RunHistory2']),
      hasSchema: true,
      version: '7/beam-00012',
    })
    expect(asRecord(await database.exportRun(7))).toEqual(sampleExport(7))
    expect(await database.storeRun(sampleRun(7))).toMatchObject({ outcome: 'already-stored', documents: 0 })
    expect(site.documents()).toHaveLength(8)
  })

  test('the address of the database is in the environment of the tools and in no argument', async () => {
    const site = makeToolSite(dir())
    const database = await site.open(tools)
    await database.storeRun(sampleRun(1))
    expect(database.uri).toBe('mongodb://db01:27017/archive')
    const calls = site.calls()
    expect(new Set(calls.filter(({ kind }) => kind === 'uri').map(({ text }) => text))).toEqual(new Set([MONGO_URI]))
    const given = calls.filter(({ kind }) => kind === 'args').map(({ text }) => text)
    expect(given.length).toBeGreaterThan(3)
    expect(given.filter((text) => text.includes('s3cr') || text.includes('mongodb'))).toEqual([])
  })

  test('the threads of the loader and the downloader are never 0', async () => {
    const site = makeToolSite(dir())
    await (await site.open(tools)).storeRun(sampleRun(1))
    const threads = [...site.calls('bulkloader'), ...site.calls('bulkdownloader')]
      .filter(({ kind }) => kind === 'args')
      .map(({ text }) => Number(/-t (\d+)$/.exec(text)?.[1]))
    expect(threads).toHaveLength(2)
    for (const count of threads) expect(count).toBeGreaterThan(0)
  })

  test('a half-stored run is completed with what it lacks', async () => {
    const site = makeToolSite(dir())
    const database = await site.open(tools)
    site.ask('bulkloader.half', 'once')
    await expect(database.storeRun(sampleRun(5))).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_REFUSED', run: 5 })
    const before = site.documents().length
    expect(before).toBe(2)
    expect((await database.listRuns()).get(5)).toMatchObject({ hasSchema: false })
    expect(await database.storeRun(sampleRun(5))).toEqual({ outcome: 'completed', documents: 2, differing: [] })
    expect(asRecord(await database.exportRun(5))).toEqual(sampleExport(5))
    expect(site.documents()).toHaveLength(4)
  })
})

describe('a database through tools', () => {
  test('a file-system database gets one thread and one tool at a time', async () => {
    const site = makeToolSite(dir())
    const path = join(dir(), 'db')
    mkdirSync(path)
    const database = await site.open({ concurrency: 8 }, { uri: `filesystemdb://${path}` })
    await Promise.all([1, 2, 3].map((run) => database.storeRun(sampleRun(run))))
    expect([...(await database.listRuns()).keys()]).toEqual([1, 2, 3])
    const loads = site.calls('bulkloader').filter(({ kind }) => kind === 'args')
    expect(loads.map(({ text }) => text.endsWith('-t 1'))).toEqual([true, true, true])
  })

  test('a configuration whose name begins like another one is not taken for it', async () => {
    const site = makeToolSite(dir())
    const database = await site.open()
    await database.storeRun({ ...sampleRun(5), configuration: 'conf10' })
    expect(await database.storeRun({ ...sampleRun(5), configuration: 'conf1' })).toMatchObject({ outcome: 'stored' })
    const stored = (await database.listRuns()).get(5)
    expect(stored?.configuration).toBe('5/conf1')
    expect(stored?.configurations).toEqual(['5/conf1', '5/conf10'])
  })

  test('other text under a stored name is a conflict, or is kept', async () => {
    const site = makeToolSite(dir())
    const database = await site.open()
    await database.storeRun(sampleRun(5))
    const other = {
      ...sampleRun(5),
      files: [
        { name: 'tpc01.fcl', text: 'board: 6\n' },
        { name: 'new.fcl', text: 'a: 1' },
      ],
    }
    const conflict = { code: 'ERR_ARTDAQDB_CONFLICT', entities: ['tpc01'] }
    await expect(database.storeRun(other)).rejects.toMatchObject(conflict)
    expect(site.documents()).toHaveLength(4)
    expect(await database.storeRun(other, { onConflict: 'keep' })).toEqual({
      outcome: 'completed',
      documents: 1,
      differing: ['tpc01'],
    })
  })

  test('versions of updates belong to their configuration', async () => {
    const site = makeToolSite(dir())
    const database = await site.open()
    await database.storeRun({ ...sampleRun(5), update: undefined } as never)
    const [update] = [{ collection: 'RunHistory', entity: 'RunHistory2', configuration: '5/beam-00012' }]
    site.store([
      { name: 'zz.json', value: { ...update, version: '5/beam-00012v2', run: '5', assigned: 1, stored: '' } },
    ])
    const stored = (await database.listRuns()).get(5)
    expect(stored?.version).toBe('5/beam-00012v2')
    expect(stored?.entities).toEqual(new Set(['metadata', 'tpc01', 'RunHistory2']))
  })

  test('what a list of documents leaves open is asked for', async () => {
    const site = makeToolSite(dir())
    const database = await site.open()
    await database.storeRun(sampleRun(5))
    site.ask('conftool.noentities')
    const stored = (await database.listRuns()).get(5)
    expect(stored).toMatchObject({ hasSchema: true, entities: new Set(['metadata', 'tpc01', 'RunHistory2']) })
  })

  test('a run that is not there, and a database without runs where some must be', async () => {
    const site = makeToolSite(dir())
    await expect((await site.open()).exportRun(9)).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_RUN_NOT_FOUND' })
    const existing = await site.open({}, { create: false })
    await expect(existing.listRuns()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNAVAILABLE' })
  })

  test('a run of which two stores are asked for at once is stored once', async () => {
    const site = makeToolSite(dir())
    const database = await site.open()
    const results = await Promise.all([database.storeRun(sampleRun(5)), database.storeRun(sampleRun(5))])
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'already-stored'])
    expect(site.documents()).toHaveLength(4)
  })

  test('readOnly refuses writes, close ends, and repairs are left to the site', async () => {
    const site = makeToolSite(dir())
    const reading = await site.open({}, { readOnly: true })
    for (const write of [() => reading.storeRun(sampleRun(1)), () => reading.fold(), () => reading.rebuildIndex()]) {
      await expect(write()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_CLOSED' })
    }
    await expect(reading.check()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_SITE_TOOLS' })
    const writing = await site.open()
    await expect(writing.rebuildIndex()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_SITE_TOOLS' })
    await writing.close()
    await writing.close()
    await expect(writing.listRuns()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_CLOSED' })
  })

  test.each(['a b', 'a;touch x', '-x', '$(id)', "it's", 'a&b'])(
    'the configuration name %j is not given to the tools',
    async (configuration) => {
      const site = makeToolSite(dir())
      const database = await site.open()
      const run = { ...sampleRun(1), configuration }
      await expect(database.storeRun(run)).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNSAFE_NAME' })
      expect(site.calls()).toEqual([])
    },
  )

  test('a file that the loader would take for the schema is refused', async () => {
    const site = makeToolSite(dir())
    const run = { ...sampleRun(1), files: [{ name: 'myschema.fcl', text: 'a: 1' }] }
    await expect((await site.open()).storeRun(run)).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNSAFE_NAME' })
  })
})
