import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRunDatabase } from '@holdfast/artdaqdb'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { SCHEMA } from './sample-run.js'

const dir = useTempDir()
// The first id goes to the record in SystemMetadata.
const DOCUMENT = '000000021111422283334444.json'

/** The form of the original's files is the contract here, so everything variable is given. */
async function storeOne(): Promise<{ root: string; at: string }> {
  const root = join(dir(), 'db')
  const now = Date.UTC(2026, 2, 18, 12, 31, 2, 45)
  let count = 0
  const uuid = (): string => `${(++count).toString(16).padStart(8, '0')}-1111-4222-8333-444444444444`
  await using database = await openRunDatabase({ uri: `filesystemdb://${root}` }, { now: () => now, uuid })
  await database.storeRun({
    run: 7,
    configuration: 'x"y-00003',
    files: [{ name: 'boot.fcl', text: '# gain\ngain: 4 # set by hand\nch: [ "a", { b: TRUE } ]\n' }],
    schema: SCHEMA,
  })
  const document = JSON.parse(readFileSync(join(root, 'RunHistory', DOCUMENT), 'utf8'))
  return { root, at: document.bookkeeping.created }
}

describe('storeRun()', () => {
  test('writes a document as the original does', async () => {
    const { root, at } = await storeOne()
    const text = readFileSync(join(root, 'RunHistory', DOCUMENT), 'utf8')
    await expect(text.replaceAll(at, 'TIME')).toMatchFileSnapshot('fixtures/data/document.json')
  })

  test('stamps local time with milliseconds and offset', async () => {
    const { at } = await storeOne()
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.045[+-]\d{4}$/)
    expect(Date.parse(at.replace(/(\d\d)$/, ':$1'))).toBe(Date.UTC(2026, 2, 18, 12, 31, 2, 45))
  })

  test('writes an index as the original does', async () => {
    const { root, at } = await storeOne()
    const text = readFileSync(join(root, 'RunHistory', 'index.json'), 'utf8')
    await expect(text.replaceAll(at, 'TIME')).toMatchFileSnapshot('fixtures/data/index.json')
  })

  test('lays out the database as the original does, and leaves nothing else but its lock', async () => {
    const { root, at } = await storeOne()
    expect(readdirSync(root).sort()).toEqual(['.holdfast.lock', 'RunHistory', 'SystemLayout', 'SystemMetadata'])
    const [name = ''] = readdirSync(join(root, 'SystemMetadata'))
    expect(name).toMatch(/^[0-9a-f]{24}\.json$/)
    const text = readFileSync(join(root, 'SystemMetadata', name), 'utf8')
    const oid = name.slice(0, 24)
    expect(text.startsWith(`{"document":{"name":"artdaq","uri":"filesystemdb://${root}","locale":"en_US.UTF-8",`)).toBe(
      true,
    )
    expect(text.endsWith(`,"database_format":3},"_id": { "$oid":"${oid}"}}`)).toBe(true)
    expect(JSON.parse(text).document.create_time).toBe(at)
  })
})
