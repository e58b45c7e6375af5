import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRunDatabase, type RunDatabase } from '@holdfast/artdaqdb'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { craftDatabase } from './crafted-database.js'
import { asRecord, SCHEMA, sampleExport, sampleRun } from './sample-run.js'

const dir = useTempDir()
const root = (): string => join(dir(), 'db')
const open = (): Promise<RunDatabase> => openRunDatabase({ uri: `filesystemdb://${root()}` })

function documents(collection: string): string[] {
  return readdirSync(join(root(), collection)).filter((name) => name !== 'index.json')
}

describe('storeRun()', () => {
  test('stores insert, update and a schema for each of them, readable at once and after reopening', async () => {
    const database = await open()
    expect(await database.storeRun(sampleRun(7))).toEqual({ outcome: 'stored', documents: 5, differing: [] })
    expect(asRecord(await database.exportRun(7))).toEqual(sampleExport(7))
    await database.close()
    expect(documents('RunHistory')).toHaveLength(3)
    expect(documents('SystemLayout')).toHaveLength(2)
    await using reopened = await open()
    expect(asRecord(await reopened.exportRun(7))).toEqual(sampleExport(7))
  })

  test('does nothing for a run that is stored already', async () => {
    await using database = await open()
    await database.storeRun(sampleRun(7))
    expect(await database.storeRun({ ...sampleRun(7), configuration: '7/beam-00012' })).toEqual({
      outcome: 'already-stored',
      documents: 0,
      differing: [],
    })
    expect(documents('RunHistory')).toHaveLength(3)
  })

  test('adds the update to a run that was stored without one', async () => {
    await using database = await open()
    const { update, ...insert } = sampleRun(7)
    expect(await database.storeRun(insert)).toMatchObject({ outcome: 'stored', documents: 3 })
    expect(await database.storeRun(sampleRun(7))).toMatchObject({ outcome: 'completed', documents: 2 })
    expect(asRecord(await database.exportRun(7))).toEqual(sampleExport(7))
  })

  test('tells 5/conf1 from 5/conf10', async () => {
    await using database = await open()
    await database.storeRun({ ...sampleRun(5), configuration: 'conf10' })
    expect(await database.storeRun({ ...sampleRun(5), configuration: 'conf1' })).toMatchObject({ outcome: 'stored' })
    const run = (await database.listRuns()).get(5)
    expect([...(run?.configurations ?? [])].sort()).toEqual(['5/conf1', '5/conf10'])
  })

  test('completes a run of which the original tools stored only a part', async () => {
    craftDatabase(root(), [
      { configuration: '7/beam-00012', entity: 'odd', value: '1' },
      { configuration: '7/beam-00012', entity: 'tpc01', value: '2', notIndexed: true },
    ])
    await using database = await open()
    expect((await database.listRuns()).get(7)).toMatchObject({ entities: new Set(['odd']), hasSchema: false })
    expect(await database.storeRun(sampleRun(7))).toMatchObject({ outcome: 'completed', documents: 5 })
    expect(asRecord(await database.exportRun(7))).toEqual({ ...sampleExport(7), 'beam-/odd.fcl': '\nvalue: 1 \n' })
  })

  test('completes a run whose schema is missing', async () => {
    craftDatabase(root(), [{ configuration: '7/beam', entity: 'boot', value: '4' }])
    await using database = await open()
    const run = { run: 7, configuration: 'beam', files: [{ name: 'boot.fcl', text: 'value: 4' }], schema: SCHEMA }
    expect(await database.storeRun(run)).toMatchObject({ outcome: 'completed', documents: 1 })
    expect((await database.listRuns()).get(7)?.hasSchema).toBe(true)
  })

  test('writes documents that are lost or damaged anew under their ids', async () => {
    const database = await open()
    await database.storeRun(sampleRun(7))
    await database.close()
    const [first = '', second = ''] = documents('RunHistory')
    rmSync(join(root(), 'RunHistory', first))
    writeFileSync(join(root(), 'RunHistory', second), '{"document" : {')
    await using reopened = await open()
    await expect(reopened.exportRun(7)).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_DAMAGED' })
    expect((await reopened.check()).problems.map(({ kind }) => kind).sort()).toEqual([
      'document-damaged',
      'document-missing',
    ])
    expect(await reopened.storeRun(sampleRun(7))).toMatchObject({ outcome: 'completed', documents: 2 })
    expect(asRecord(await reopened.exportRun(7))).toEqual(sampleExport(7))
    await reopened.fold()
    expect(await reopened.check()).toEqual({ documents: 5, problems: [] })
    const aside = readdirSync(root()).filter((name) => name.startsWith('.holdfast.corrupt-'))
    expect(aside.map((name) => readFileSync(join(root(), name), 'utf8'))).toEqual(['{"document" : {'])
  })

  test('refuses to store other text under the name of a stored run, and names the entities', async () => {
    await using database = await open()
    await database.storeRun(sampleRun(7))
    const { update, ...changed } = sampleRun(7, ['tpc01', 'crt'])
    const files = changed.files.map((file) => (file.name === 'metadata.fcl' ? { ...file, text: 'a: 1' } : file))
    await expect(database.storeRun({ ...changed, files })).rejects.toMatchObject({
      code: 'ERR_ARTDAQDB_CONFLICT',
      run: 7,
      entities: ['metadata'],
    })
    expect(asRecord(await database.exportRun(7))).toEqual(sampleExport(7))
  })

  test("keeps the stored text and adds what is missing with onConflict 'keep'", async () => {
    await using database = await open()
    await database.storeRun(sampleRun(7))
    const changed = sampleRun(7, ['tpc01', 'crt'])
    const files = changed.files.map((file) => (file.name === 'metadata.fcl' ? { ...file, text: 'a: 1' } : file))
    expect(await database.storeRun({ ...changed, files }, { onConflict: 'keep' })).toEqual({
      outcome: 'completed',
      documents: 1,
      differing: ['metadata'],
    })
    expect(asRecord(await database.exportRun(7))).toEqual(sampleExport(7, ['tpc01', 'crt']))
  })

  test('takes texts that are stored alike for the same', async () => {
    await using database = await open()
    await database.storeRun(sampleRun(7))
    const files = sampleRun(7).files.map((file) => ({ ...file, text: `\n\n  ${file.text}` }))
    expect(await database.storeRun({ ...sampleRun(7), files })).toMatchObject({ outcome: 'already-stored' })
  })

  test('stores nothing of a run in which one file cannot be read', async () => {
    await using database = await open()
    const files = [...sampleRun(7).files, { name: 'bad.fcl', text: 'a: {' }]
    await expect(database.storeRun({ ...sampleRun(7), files })).rejects.toMatchObject({
      code: 'ERR_FHICL_SYNTAX',
      source: 'bad.fcl',
    })
    expect(existsSync(root())).toBe(false)
    expect((await database.listRuns()).size).toBe(0)
  })

  test('stores many runs that are asked for at the same time, also of the same name', async () => {
    const database = await open()
    const runs = Array.from({ length: 40 }, (_, at) => at + 1)
    const results = await Promise.all([...runs, 3, 3].map((run) => database.storeRun(sampleRun(run))))
    expect(results.map(({ outcome }) => outcome)).toEqual([
      ...runs.map(() => 'stored'),
      'already-stored',
      'already-stored',
    ])
    await database.close()
    await using reopened = await open()
    expect([...(await reopened.listRuns()).keys()].sort((a, b) => a - b)).toEqual(runs)
    expect(asRecord(await reopened.exportRun(33))).toEqual(sampleExport(33))
    expect((await reopened.check()).problems).toEqual([])
  })

  test('fails one run of a group without the others', async () => {
    await using database = await open()
    await database.storeRun(sampleRun(1))
    const conflicting = { ...sampleRun(1), files: [{ name: 'metadata.fcl', text: 'a: 1' }] }
    const [first, second] = await Promise.allSettled([database.storeRun(conflicting), database.storeRun(sampleRun(2))])
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'ERR_ARTDAQDB_CONFLICT' } })
    expect(second).toMatchObject({ status: 'fulfilled', value: { outcome: 'stored' } })
  })

  test('gives up waiting when the signal aborts', async () => {
    await using database = await open()
    const controller = new AbortController()
    const stores = [1, 2].map((run) => database.storeRun(sampleRun(run), { signal: controller.signal }))
    controller.abort(new Error('Stop'))
    for (const store of await Promise.allSettled(stores)) {
      expect(store).toMatchObject({ status: 'rejected', reason: { message: 'Stop' } })
    }
    expect((await database.listRuns()).size).toBe(0)
  })

  test('finishes stores under way when it is closed, and none after it', async () => {
    const database = await open()
    const store = database.storeRun(sampleRun(7))
    await database.close()
    await database.close()
    expect(await store).toMatchObject({ outcome: 'stored' })
    await expect(database.storeRun(sampleRun(8))).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_CLOSED' })
    await expect(database.listRuns()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_CLOSED' })
    await using reopened = await open()
    expect(asRecord(await reopened.exportRun(7))).toEqual(sampleExport(7))
    expect((await reopened.check()).problems).toEqual([])
  })
})

describe('fold()', () => {
  test('makes stored runs visible to programs that read index.json only', async () => {
    await using database = await open()
    await database.storeRun(sampleRun(7))
    const index = (): string => readFileSync(join(root(), 'RunHistory', 'index.json'), 'utf8')
    expect(index()).not.toContain('7/beam-00012')
    expect((await database.check()).problems).toMatchObject([{ kind: 'journal-not-folded' }])
    await database.fold()
    expect(index()).toContain('7/beam-00012')
    expect(existsSync(join(root(), '.holdfast.journal'))).toBe(false)
  })
})
