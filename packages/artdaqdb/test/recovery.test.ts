import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type DatabaseLogger, openRunDatabase, type RunDatabase } from '@holdfast/artdaqdb'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { craftDatabase } from './crafted-database.js'
import { asRecord, sampleExport, sampleRun } from './sample-run.js'

const dir = useTempDir()
const root = (): string => join(dir(), 'db')
const index = (): string => join(root(), 'RunHistory', 'index.json')
const journal = (): string => join(root(), '.holdfast.journal')

async function open(options: { readOnly?: boolean } = {}): Promise<RunDatabase & { warnings: string[] }> {
  const warnings: string[] = []
  const logger: DatabaseLogger = { warn: (message) => warnings.push(message) }
  const database = await openRunDatabase({ uri: `filesystemdb://${root()}`, ...options }, { logger })
  return Object.assign(database, { warnings })
}

async function storeRuns(...runs: readonly number[]): Promise<void> {
  await using database = await open()
  for (const run of runs) await database.storeRun(sampleRun(run))
}

const DAMAGE: Readonly<Record<string, (path: string) => void>> = {
  truncated: (path) => truncateSync(path, statSync(path).size - 40),
  empty: (path) => truncateSync(path, 0),
  'not UTF-8': (path) => writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, 100), Buffer.from([0xff])])),
  'not an index': (path) => writeFileSync(path, '{ }'),
  'not JSON': (path) => writeFileSync(path, 'index'),
  'a list with something else in it': (path) =>
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"[0-9a-f]{24}"/, '"../../../etc/passwd"')),
}

describe('a damaged index', () => {
  test.each(Object.keys(DAMAGE))('(%s) is set aside and made anew by the next store', async (kind) => {
    await storeRuns(1, 2)
    DAMAGE[kind]?.(index())
    const damaged = readFileSync(index())
    await using database = await open()
    await database.storeRun(sampleRun(3))
    await database.fold()
    expect([...(await database.listRuns()).keys()].sort()).toEqual([1, 2, 3])
    expect(asRecord(await database.exportRun(1))).toEqual(sampleExport(1))
    expect((await database.check()).problems).toEqual([])
    const [aside = ''] = readdirSync(root()).filter((name) => name.startsWith('.holdfast.corrupt-'))
    expect(aside).toMatch(/RunHistory-index\.json$/)
    expect(readFileSync(join(root(), aside))).toEqual(damaged)
    expect(database.warnings.join('\n')).toContain(index())
    expect(JSON.parse(readFileSync(index(), 'utf8'))['runs.name']).toMatchObject({ 1: {}, 2: {}, 3: {} })
  })

  test('is left as it is by readers, who read the documents and say so', async () => {
    await storeRuns(1, 2)
    DAMAGE['truncated']?.(index())
    const damaged = readFileSync(index())
    await using database = await open({ readOnly: true })
    expect([...(await database.listRuns()).keys()]).toEqual([1, 2])
    expect(asRecord(await database.exportRun(2))).toEqual(sampleExport(2))
    expect((await database.check()).problems).toMatchObject([{ kind: 'index-damaged', path: index() }])
    expect(database.warnings.join('\n')).toContain('damaged')
    expect(readFileSync(index())).toEqual(damaged)
    expect(readdirSync(root()).filter((name) => name.includes('corrupt'))).toEqual([])
  })

  test('that is missing is made anew as well', async () => {
    await storeRuns(1)
    rmSync(index())
    await using database = await open()
    expect([...(await database.listRuns()).keys()]).toEqual([1])
    await database.storeRun(sampleRun(2))
    await database.fold()
    expect(JSON.parse(readFileSync(index(), 'utf8'))['runs.name']).toMatchObject({ 1: {}, 2: {} })
  })

  test('of an older form is refused and left as it is', async () => {
    await storeRuns(1)
    writeFileSync(index(), '{"version":{},"configurations.name":{},"configurable_entity.name":{}}')
    await using database = await open()
    await expect(database.listRuns()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNSUPPORTED', path: index() })
    await expect(database.storeRun(sampleRun(2))).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNSUPPORTED' })
    expect(readFileSync(index(), 'utf8')).toContain('configurable_entity')
  })
})

describe('the journal', () => {
  test('loses a torn last line only', async () => {
    const database = await open()
    await database.storeRun(sampleRun(1))
    appendFileSync(journal(), '0badc0de {"v":1,"type":"commit","runs":[{"run":9,')
    await using other = await open({ readOnly: true })
    expect([...(await other.listRuns()).keys()]).toEqual([1])
    await database.storeRun(sampleRun(2))
    await database.close()
    await using reopened = await open()
    expect([...(await reopened.listRuns()).keys()]).toEqual([1, 2])
    expect((await reopened.check()).problems).toEqual([])
  })

  test('with a bad line in its middle is an error, and rebuildIndex() repairs it', async () => {
    const before = await open()
    await before.storeRun(sampleRun(1))
    await before.storeRun(sampleRun(2))
    const bytes = readFileSync(journal())
    bytes[20] = 0x21
    // As a killed process leaves it: closing would fold the journal.
    await before.close()
    rmSync(index())
    rmSync(join(root(), 'SystemLayout', 'index.json'))
    writeFileSync(journal(), bytes)
    await using other = await open({ readOnly: true })
    await expect(other.listRuns()).rejects.toMatchObject({
      code: 'ERR_ARTDAQDB_DAMAGED',
      path: journal(),
      offset: 0,
      hint: expect.stringContaining('rebuildIndex()'),
    })
    expect((await other.check()).problems).toMatchObject([{ kind: 'journal-damaged' }])
    await using database = await open()
    expect(database.warnings.join('\n')).toContain(journal())
    await expect(database.storeRun(sampleRun(3))).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_DAMAGED' })
    const report = await database.rebuildIndex()
    expect(report).toMatchObject({ documents: 10, skipped: [] })
    expect(report.setAside.map((path) => existsSync(path))).toEqual([true])
    expect([...(await database.listRuns()).keys()].sort()).toEqual([1, 2])
    expect(await database.storeRun(sampleRun(3))).toMatchObject({ outcome: 'stored' })
  })

  test('of a newer program is refused', async () => {
    await storeRuns(1)
    const { crc32 } = await import('node:zlib')
    const json = '{"v":2,"type":"rollback"}'
    writeFileSync(journal(), `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`)
    await using database = await open({ readOnly: true })
    await expect(database.listRuns()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNSUPPORTED', path: journal() })
  })
})

describe('rebuildIndex()', () => {
  test('finds documents that the original tools stored but did not index, and names those that cannot be read', async () => {
    const oids = craftDatabase(root(), [
      { configuration: '7/beam', entity: 'boot', value: '1' },
      { configuration: '7/beam', entity: 'metadata', value: '2', notIndexed: true },
      { configuration: '8/beam', entity: 'boot', value: '3' },
    ])
    const broken = join(root(), 'RunHistory', `${oids[2]}.json`)
    writeFileSync(broken, '{')
    await using database = await open()
    expect((await database.check()).problems.map(({ kind }) => kind).sort()).toEqual([
      'document-damaged',
      'document-not-indexed',
    ])
    expect(await database.rebuildIndex()).toMatchObject({ documents: 2, skipped: [{ path: broken }], setAside: [] })
    expect(asRecord(await database.exportRun(7))).toEqual({
      'beam/boot.fcl': '\nvalue: 1 \n',
      'beam/metadata.fcl': '\nvalue: 2 \n',
    })
    expect((await database.listRuns()).has(8)).toBe(false)
  })

  test('makes the same index as storing did', async () => {
    await storeRuns(1, 2, 3)
    const before: unknown = JSON.parse(readFileSync(index(), 'utf8'))
    await using database = await open()
    await database.rebuildIndex()
    expect(JSON.parse(readFileSync(index(), 'utf8'))).toEqual(before)
  })
})

describe('an index that another program rewrites meanwhile', () => {
  test('keeps what that program added', async () => {
    await using database = await open()
    await database.storeRun(sampleRun(1))
    craftDatabase(root(), [{ configuration: '99/other', entity: 'boot', value: '1' }])
    await database.storeRun(sampleRun(2))
    await database.fold()
    expect(JSON.parse(readFileSync(index(), 'utf8'))['runs.name']).toMatchObject({ 99: {}, 1: {}, 2: {} })
    expect([...(await database.listRuns()).keys()].sort((a, b) => a - b)).toEqual([1, 2, 99])
    expect(asRecord(await database.exportRun(99))).toEqual({ 'other/boot.fcl': '\nvalue: 1 \n' })
  })
})
