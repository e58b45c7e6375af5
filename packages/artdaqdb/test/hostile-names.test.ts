import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRunDatabase, type RunDatabase } from '@holdfast/artdaqdb'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { craftDatabase } from './crafted-database.js'
import { sampleRun } from './sample-run.js'

const dir = useTempDir()
const root = (): string => join(dir(), 'db')
const open = (): Promise<RunDatabase> => openRunDatabase({ uri: `filesystemdb://${root()}` })

describe('storeRun()', () => {
  test.each(['', '..', '.', '../x', 'a/b', '8/beam', '..00012', 'a\nb', 'a\u0000b', 'x'.repeat(300), '\ud800'])(
    'refuses the configuration %j',
    async (configuration) => {
      await using database = await open()
      await expect(database.storeRun({ ...sampleRun(7), configuration })).rejects.toMatchObject({
        code: 'ERR_ARTDAQDB_UNSAFE_NAME',
      })
      expect(readdirSync(dir())).toEqual([])
    },
  )

  test.each(['../boot.fcl', 'a/boot.fcl', '.fcl', '...fcl', 'a\nb.fcl', `${'x'.repeat(300)}.fcl`])(
    'refuses the file %j',
    async (name) => {
      await using database = await open()
      await expect(database.storeRun({ ...sampleRun(7), files: [{ name, text: 'a: 1' }] })).rejects.toMatchObject({
        code: 'ERR_ARTDAQDB_UNSAFE_NAME',
      })
      expect(readdirSync(dir())).toEqual([])
    },
  )

  test.each([
    ['a run that is no number', { ...sampleRun(7), run: Number.NaN }],
    ['a negative run', { ...sampleRun(7), run: -1 }],
    ['a file that is no FHiCL', { ...sampleRun(7), files: [{ name: 'boot.txt', text: '' }] }],
    ['a schema among the files', { ...sampleRun(7), files: [{ name: 'schema.fcl', text: '' }] }],
    ['a file given twice', { ...sampleRun(7), files: [...sampleRun(7).files, ...sampleRun(7).files] }],
    ['no files', { ...sampleRun(7), files: [] }],
  ])('refuses %s', async (_, run) => {
    await using database = await open()
    await expect(database.storeRun(run)).rejects.toBeInstanceOf(RangeError)
  })

  test('stores and exports names that a shell would not survive', async () => {
    await using database = await open()
    await database.storeRun({ ...sampleRun(7), configuration: 'a b;$(touch x)&\'"*\\ü 00012' })
    expect((await database.exportRun(7)).map(({ path }) => path)).toContain('a b;$(touch x)&\'"*\\ü /metadata.fcl')
    await database.fold()
    await using reopened = await open()
    expect((await reopened.listRuns()).get(7)?.configuration).toBe('7/a b;$(touch x)&\'"*\\ü 00012')
  })
})

describe('exportRun()', () => {
  test.each([
    ['7/../x', 'boot'],
    ['7/..00012', 'boot'],
    ['7//etc', 'boot'],
    ['7/a/../../b', 'boot'],
    ['7/beam', '../../etc/passwd'],
    ['7/beam', '/etc/passwd'],
    ['7/beam', 'a\nb'],
    ['7/beam', ''],
  ])('refuses a stored configuration %j with the entity %j', async (configuration, entity) => {
    craftDatabase(root(), [{ configuration, entity, value: '1' }])
    await using database = await open()
    expect((await database.listRuns()).has(7)).toBe(true)
    await expect(database.exportRun(7)).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNSAFE_NAME' })
  })

  test('lists the other runs beside one with a run number that is too large', async () => {
    craftDatabase(root(), [
      { configuration: '99999999999999999999/beam', entity: 'boot', value: '1' },
      { configuration: '7/beam', entity: 'boot', value: '1' },
    ])
    await using database = await open()
    expect([...(await database.listRuns()).keys()]).toEqual([7])
  })
})

describe('a symbolic link in the database', () => {
  test.each(['RunHistory', 'SystemLayout', 'SystemMetadata'])('is refused in place of %s', async (collection) => {
    mkdirSync(root())
    mkdirSync(join(dir(), 'outside'))
    symlinkSync(join(dir(), 'outside'), join(root(), collection))
    await using database = await open()
    await expect(database.storeRun(sampleRun(7))).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNSAFE_NAME' })
    expect(readdirSync(join(dir(), 'outside'))).toEqual([])
  })

  test.each(['.holdfast.lock', '.holdfast.journal', 'RunHistory/index.json'])(
    'is refused in place of %s',
    async (name) => {
      mkdirSync(join(root(), 'RunHistory'), { recursive: true })
      writeFileSync(join(dir(), 'outside'), '')
      symlinkSync(join(dir(), 'outside'), join(root(), name))
      const stored = open().then((database) => database.storeRun(sampleRun(7)))
      await expect(stored).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNSAFE_NAME' })
    },
  )

  test('is refused in place of a document', async () => {
    const [oid] = craftDatabase(root(), [{ configuration: '7/beam', entity: 'boot', value: '1' }])
    const document = join(root(), 'RunHistory', `${oid}.json`)
    renameSync(document, join(dir(), 'outside.json'))
    symlinkSync(join(dir(), 'outside.json'), document)
    await using database = await open()
    await expect(database.exportRun(7)).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNSAFE_NAME' })
  })

  test('may lead to the database itself', async () => {
    mkdirSync(root())
    symlinkSync(root(), join(dir(), 'link'))
    await using database = await openRunDatabase({ uri: `filesystemdb://${join(dir(), 'link')}` })
    await database.storeRun(sampleRun(7))
    expect(readdirSync(root())).toContain('RunHistory')
  })
})
