import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRunDatabase, type RunDatabase } from '@holdfast/artdaqdb'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { craftDatabase } from './crafted-database.js'
import { asRecord, sampleRun } from './sample-run.js'

const dir = useTempDir()
const root = (): string => join(dir(), 'db')
const openForReading = (): Promise<RunDatabase> =>
  openRunDatabase({ uri: `filesystemdb://${root()}`, readOnly: true, create: false })

describe('listRuns()', () => {
  test('describes the runs of a database that another program made', async () => {
    craftDatabase(root(), [
      { configuration: '7/beam', entity: 'boot', value: '1' },
      { configuration: '7/beam', entity: 'RunHistory2', version: '7/beamv1', value: '2' },
      { configuration: '7/beam', entity: 'schema', collection: 'SystemLayout', value: '3' },
      { configuration: '12/cosmic', entity: 'boot', value: '4' },
      { configuration: 'demo_config00001', entity: 'boot', value: '5' },
    ])
    await using database = await openForReading()
    expect(await database.listRuns()).toEqual(
      new Map([
        [
          7,
          {
            run: 7,
            configuration: '7/beam',
            configurations: ['7/beam'],
            entities: new Set(['boot', 'RunHistory2']),
            hasSchema: true,
            version: '7/beamv1',
          },
        ],
        [
          12,
          {
            run: 12,
            configuration: '12/cosmic',
            configurations: ['12/cosmic'],
            entities: new Set(['boot']),
            hasSchema: false,
            version: '12/cosmic',
          },
        ],
      ]),
    )
  })

  test('lists a run of which only the schema is stored', async () => {
    craftDatabase(root(), [{ configuration: '7/beam', entity: 'schema', collection: 'SystemLayout', value: '3' }])
    await using database = await openForReading()
    expect((await database.listRuns()).get(7)).toMatchObject({ entities: new Set(), hasSchema: true })
  })

  test('takes a database that does not exist for empty, and makes nothing', async () => {
    await using database = await openRunDatabase({ uri: `filesystemdb://${root()}` })
    expect((await database.listRuns()).size).toBe(0)
    expect(await database.check()).toEqual({ documents: 0, problems: [] })
    await database.fold()
    expect(existsSync(root())).toBe(false)
  })

  test('sees runs that another handle stores meanwhile', async () => {
    await using writer = await openRunDatabase({ uri: `filesystemdb://${root()}` })
    await writer.storeRun(sampleRun(1))
    await using reader = await openForReading()
    expect([...(await reader.listRuns()).keys()]).toEqual([1])
    await writer.storeRun(sampleRun(2))
    expect([...(await reader.listRuns()).keys()]).toEqual([1, 2])
    await writer.fold()
    await writer.storeRun(sampleRun(3))
    expect([...(await reader.listRuns()).keys()]).toEqual([1, 2, 3])
  })
})

describe('exportRun()', () => {
  test('takes the newest version of each entity by number', async () => {
    const configuration = '7/beam-00012'
    craftDatabase(root(), [
      { configuration, entity: 'boot', value: '1' },
      { configuration, entity: 'RunHistory2', version: `${configuration}v10`, value: '10' },
      { configuration, entity: 'RunHistory2', version: `${configuration}v9`, value: '9' },
      { configuration, entity: 'schema', collection: 'SystemLayout', value: '3' },
      { configuration, entity: 'schema', collection: 'SystemLayout', version: `${configuration}v2`, value: '4' },
    ])
    await using database = await openForReading()
    expect(asRecord(await database.exportRun(7))).toEqual({
      'beam-/RunHistory2.fcl': '\nvalue: 10 \n',
      'beam-/boot.fcl': '\nvalue: 1 \n',
      'schema.fcl': '\nvalue: 4 \n',
    })
  })

  test('gives only what belongs to the run, even if another run has more', async () => {
    craftDatabase(root(), [
      { configuration: '7/beam', entity: 'boot', value: '1' },
      { configuration: '8/beam', entity: 'metadata', value: '2' },
    ])
    await using database = await openForReading()
    expect(asRecord(await database.exportRun(7))).toEqual({ 'beam/boot.fcl': '\nvalue: 1 \n' })
  })

  test('takes the configuration that was assigned last, whatever the offset of its time', async () => {
    craftDatabase(root(), [
      { configuration: '7/a', entity: 'boot', value: '1', assigned: '2026-11-01T01:30:00.000-0600' },
      { configuration: '7/b', entity: 'boot', value: '2', assigned: '2026-11-01T01:45:00.000-0500' },
    ])
    await using database = await openForReading()
    expect((await database.listRuns()).get(7)).toMatchObject({ configuration: '7/a', configurations: ['7/a', '7/b'] })
    expect(asRecord(await database.exportRun(7))).toEqual({ 'a/boot.fcl': '\nvalue: 1 \n' })
  })

  test('puts the files of a configuration that is all digits at the top', async () => {
    craftDatabase(root(), [{ configuration: '7/00012', entity: 'boot', value: '1' }])
    await using database = await openForReading()
    expect(asRecord(await database.exportRun(7))).toEqual({ 'boot.fcl': '\nvalue: 1 \n' })
  })

  test('refuses a run that is not stored', async () => {
    craftDatabase(root(), [{ configuration: '7/beam', entity: 'boot', value: '1' }])
    await using database = await openForReading()
    await expect(database.exportRun(8)).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_RUN_NOT_FOUND', run: 8 })
  })
})

describe('openRunDatabase()', () => {
  test('writes nothing when it is opened for reading only', async () => {
    craftDatabase(root(), [{ configuration: '7/beam', entity: 'boot', value: '1' }])
    const before = tree()
    const database = await openForReading()
    await database.listRuns()
    await database.exportRun(7)
    await database.check()
    for (const write of [database.storeRun(sampleRun(8)), database.fold(), database.rebuildIndex()]) {
      await expect(write).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_CLOSED' })
    }
    await database.close()
    expect(tree()).toEqual(before)
  })

  test('refuses a missing database with create: false', async () => {
    await expect(openForReading()).rejects.toMatchObject({
      code: 'ERR_ARTDAQDB_UNAVAILABLE',
      path: root(),
      cause: { code: 'ENOENT' },
      hint: expect.stringContaining('mounted'),
    })
  })

  test('says that a part of the path is a file', async () => {
    writeFileSync(root(), '')
    await expect(openRunDatabase({ uri: `filesystemdb://${root()}/db` })).rejects.toMatchObject({
      code: 'ERR_ARTDAQDB_UNAVAILABLE',
      cause: { code: 'ENOTDIR' },
    })
  })

  test('does not make a database folder anew that vanished, as with its disk', async () => {
    mkdirSync(root())
    const database = await openRunDatabase({ uri: `filesystemdb://${root()}` })
    await database.storeRun(sampleRun(1))
    rmSync(root(), { recursive: true })
    await expect(database.storeRun(sampleRun(2))).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNAVAILABLE' })
    await expect(database.fold()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNAVAILABLE' })
    await expect(database.close()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNAVAILABLE' })
    expect(existsSync(root())).toBe(false)
  })

  test('says which folder it may not write to', async () => {
    mkdirSync(root())
    chmodSync(root(), 0o555)
    chmodSync(dir(), 0o755)
    await using _ordinary = withoutRootsPower()
    await using database = await openRunDatabase({ uri: `filesystemdb://${root()}` })
    await expect(database.storeRun(sampleRun(1))).rejects.toMatchObject({
      code: 'ERR_ARTDAQDB_UNAVAILABLE',
      message: expect.stringMatching(/\/db\/.*EACCES: permission denied/),
    })
  })
})

/** Root may write everywhere; until it is disposed of, this process acts as an ordinary user. */
function withoutRootsPower(): AsyncDisposable {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  return {
    async [Symbol.asyncDispose]() {
      if (isRoot) process.seteuid?.(0)
    },
  }
}

function tree(): string[] {
  return readdirSync(root(), { recursive: true })
    .map(String)
    .sort()
    .map((name) => `${name} ${statSync(join(root(), name)).mtimeMs}`)
}
