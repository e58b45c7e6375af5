import { appendFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { bytes, fileOf, openEmbedded } from './embedded-store.js'

const dir = useTempDir()

function flipOneBit(path: string): void {
  const content = readFileSync(path)
  content.writeUInt8(content.readUInt8(3) ^ 1, 3)
  writeFileSync(path, content)
}

function editRecord(change: (record: Record<string, unknown>) => void): (root: string) => void {
  return (root) => {
    const record: Record<string, unknown> = JSON.parse(readFileSync(fileOf(root, '7.json'), 'utf8'))
    change(record)
    writeFileSync(fileOf(root, '7.json'), JSON.stringify(record))
  }
}

interface Row {
  readonly name: string
  readonly damage: (root: string) => void
  readonly message: string
  /** stat() reads no body, so it cannot see what only a checksum tells. */
  readonly statSees: boolean
}

const rows: readonly Row[] = [
  {
    name: 'a changed bit in the body',
    damage: (root) => flipOneBit(fileOf(root, '7')),
    message: 'its adler32 is',
    statSees: false,
  },
  {
    name: 'a cut body',
    damage: (root) => truncateSync(fileOf(root, '7'), 4),
    message: 'it has 4 bytes, recorded 11',
    statSees: true,
  },
  {
    name: 'an empty body',
    damage: (root) => truncateSync(fileOf(root, '7'), 0),
    message: 'it has 0 bytes, recorded 11',
    statSees: true,
  },
  {
    name: 'a longer body',
    damage: (root) => appendFileSync(fileOf(root, '7'), 'x'),
    message: 'it has 12 bytes, recorded 11',
    statSees: true,
  },
  {
    name: 'a folder in place of the body',
    damage: (root) => {
      rmSync(fileOf(root, '7'))
      mkdirSync(fileOf(root, '7'))
    },
    message: 'its body is not a file',
    statSees: true,
  },
  {
    name: 'a missing record',
    damage: (root) => rmSync(fileOf(root, '7.json')),
    message: 'its record is missing',
    statSees: true,
  },
  {
    name: 'a cut record',
    damage: (root) => truncateSync(fileOf(root, '7.json'), 30),
    message: 'its record is not JSON',
    statSees: true,
  },
  {
    name: 'an empty record',
    damage: (root) => truncateSync(fileOf(root, '7.json'), 0),
    message: 'its record is not JSON',
    statSees: true,
  },
  {
    name: 'a record that is a number',
    damage: (root) => writeFileSync(fileOf(root, '7.json'), '7'),
    message: 'not a JSON object',
    statSees: true,
  },
  {
    name: 'the record of another key',
    damage: editRecord((r) => Object.assign(r, { key: '8' })),
    message: 'about key "8"',
    statSees: true,
  },
  {
    name: 'a newer record',
    damage: editRecord((r) => Object.assign(r, { version: 2 })),
    message: 'has version 2',
    statSees: true,
  },
  {
    name: 'a record without size',
    damage: editRecord((r) => Object.assign(r, { size: undefined })),
    message: 'no valid size',
    statSees: true,
  },
  {
    name: 'a record with a bad adler32',
    damage: editRecord((r) => Object.assign(r, { adler32: -1 })),
    message: 'no valid adler32',
    statSees: true,
  },
  {
    name: 'a record with another adler32',
    damage: editRecord((r) => Object.assign(r, { adler32: 1 })),
    message: 'recorded 1:',
    statSees: false,
  },
  {
    name: 'a record with another sha256',
    damage: editRecord((r) => Object.assign(r, { sha256: 'a'.repeat(64) })),
    message: 'its sha256 is',
    statSees: false,
  },
  {
    name: 'a record with a bad time',
    damage: editRecord((r) => Object.assign(r, { storedAt: 'now' })),
    message: 'no valid storedAt',
    statSees: true,
  },
]

describe('embedded archive', () => {
  test.each(rows)(
    'get(), stat() and put() report $name and leave it for a look',
    async ({ damage, message, statSees }) => {
      await using archive = await openEmbedded(dir())
      await archive.put('7', bytes('the content'))
      await archive.put('8', bytes('a neighbour'))
      damage(dir())
      const problem = {
        code: 'ERR_ARCHIVE_DAMAGED',
        key: '7',
        message: expect.stringContaining(message),
        hint: expect.stringContaining('Restore'),
      }
      await expect(archive.get('7')).rejects.toMatchObject(problem)
      await expect(archive.put('7', bytes('the content'))).rejects.toMatchObject(problem)
      await expect(archive.put('7', bytes('other'), { equivalent: () => true })).rejects.toMatchObject(problem)
      if (statSees) await expect(archive.stat('7')).rejects.toMatchObject(problem)
      else expect(await archive.stat('7')).toMatchObject({ key: '7' })
      expect(await archive.get('8')).toEqual(bytes('a neighbour'))
    },
  )

  test('a record without its body counts as nothing stored, and the next put replaces it', async () => {
    await using archive = await openEmbedded(dir())
    await archive.put('7', bytes('the content'))
    rmSync(fileOf(dir(), '7'))
    await expect(archive.get('7')).rejects.toMatchObject({ code: 'ERR_ARCHIVE_NOT_FOUND' })
    expect(await archive.listKeys()).toEqual([])
    expect(await archive.put('7', bytes('new content'))).toMatchObject({ outcome: 'stored', size: 11 })
    expect(await archive.get('7')).toEqual(bytes('new content'))
  })
})
