import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openRunDatabase } from '@holdfast/artdaqdb'
import { fillDisk, mountTinyFileSystem } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { asRecord, sampleExport, sampleRun } from './sample-run.js'

const BLOCK = 4096

test('storeRun() on a full disk stores all of a run or nothing, whatever room is left', async (context) => {
  const disk = mountTinyFileSystem(400 * 1024)
  if (disk === undefined) return context.skip('mounting needs root')
  const root = join(disk, 'db')
  const uri = `filesystemdb://${root}`
  const components = ['tpc01', 'tpc02', 'crt01']
  const database = await openRunDatabase({ uri })
  await database.storeRun(sampleRun(1, components))
  await database.fold()
  const before = documents(root)
  let refused = 0
  for (let blocks = 0; blocks < 40; blocks += 1) {
    const fill = fillDisk(disk, blocks * BLOCK)
    const stored = await database.storeRun(sampleRun(2, components)).catch((error: unknown) => error)
    const listed = await database.listRuns()
    if (listed.has(2)) {
      expect(stored).toMatchObject({ outcome: 'stored' })
      rmSync(fill)
      break
    }
    refused += 1
    expect(stored).toMatchObject({ code: 'ERR_ARTDAQDB_UNAVAILABLE', hint: expect.stringContaining('Free space') })
    expect(asRecord(await database.exportRun(1))).toEqual(sampleExport(1, components))
    rmSync(fill)
    await database.fold()
    expect(documents(root)).toEqual(before)
  }
  expect(refused).toBeGreaterThan(3)
  expect(asRecord(await database.exportRun(2))).toEqual(sampleExport(2, components))
  await database.close()
  await using reopened = await openRunDatabase({ uri })
  expect((await reopened.check()).problems).toEqual([])
  expect(readdirSync(root).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

test('fold() on a full disk keeps what was stored', async (context) => {
  const disk = mountTinyFileSystem(400 * 1024)
  if (disk === undefined) return context.skip('mounting needs root')
  const uri = `filesystemdb://${join(disk, 'db')}`
  const database = await openRunDatabase({ uri })
  await database.storeRun(sampleRun(1))
  const fill = fillDisk(disk)
  await expect(database.fold()).rejects.toMatchObject({ code: 'ERR_ARTDAQDB_UNAVAILABLE' })
  expect(statSync(join(disk, 'db', '.holdfast.journal')).size).toBeGreaterThan(0)
  await using other = await openRunDatabase({ uri, readOnly: true })
  expect(asRecord(await other.exportRun(1))).toEqual(sampleExport(1))
  rmSync(fill)
  await database.close()
  expect((await other.check()).problems).toEqual([])
})

function documents(root: string): string[] {
  return ['RunHistory', 'SystemLayout'].flatMap((collection) => readdirSync(join(root, collection))).sort()
}
