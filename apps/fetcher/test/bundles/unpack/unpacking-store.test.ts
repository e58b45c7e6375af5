import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  type BundleStore,
  type Content,
  type NewResource,
  openDiskBundleStore,
  type UnpackingOptions,
  unpackingStore,
} from '@holdfast/fetcher'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { cut, filesOf, sha256, staged } from '../support.js'
import { forged, inPieces, zipOf } from './archives.js'

const dir = useTempDir()
const URL = 'sftp://host/doc/cordata.zip'
const MIB = 1024 * 1024

async function openStore(options: Omit<UnpackingOptions, 'scratch'> = {}): Promise<BundleStore> {
  return unpackingStore(await openDiskBundleStore(dir()), { ...options, scratch: join(dir(), '.staging') })
}

/** What a bundle with this one download has in its content folder. */
async function unpacked(
  resource: Partial<NewResource>,
  content: Content,
  options: Omit<UnpackingOptions, 'scratch'> = {},
): Promise<Record<string, string>> {
  await using store = await openStore(options)
  await using draft = await store.begin({ source: 's', id: 'i', name: 'n' })
  await draft.add({ url: URL, ...resource }, content)
  const { location } = await draft.complete()
  expect(staged(dir())).toEqual([])
  return filesOf(join(location, 'content'))
}

/** Expects that nothing of the download is kept, and that the bundle cannot be completed. */
async function refused(
  content: Content,
  expected: object,
  resource: Partial<NewResource> = {},
  options: Omit<UnpackingOptions, 'scratch'> = {},
): Promise<void> {
  await using store = await openStore(options)
  {
    await using draft = await store.begin({ source: 's', id: 'i', name: 'n' })
    await expect(draft.add({ url: URL, ...resource }, content)).rejects.toMatchObject(expected)
    await expect(draft.complete()).rejects.toMatchObject(expected)
  }
  expect([filesOf(dir()), staged(dir())]).toEqual([{}, []])
  expect(readdirSync(dir()).sort()).toEqual(['.staging', 's'])
}

describe('gzip', () => {
  test('is unpacked as it arrives, and the manifest tells what from', async () => {
    await using store = await openStore()
    await using draft = await store.begin({ source: 's', id: 'i', name: 'n' })
    const packed = gzipSync('a line\n'.repeat(10_000))
    const resource = { url: 'https://host/a.json.gz', name: 'a.json.gz', expectedSize: packed.length }
    const [record] = await draft.add(resource, inPieces(packed, 7))
    await draft.complete()
    expect(record).toMatchObject({
      name: 'a.json',
      size: 70_000,
      sha256: sha256('a line\n'.repeat(10_000)),
      unpackedFrom: { name: 'a.json.gz', size: packed.length, sha256: sha256(packed) },
    })
    const { manifest } = (await store.find(draft.request)) ?? {}
    expect(manifest?.resources).toEqual([record])
  })

  test.each([
    ['by its content type', { url: 'https://host/page', contentType: 'application/gzip; x=y' }, 'page'],
    ['as .tgz', { name: 'files.tgz' }, 'files.tar'],
    ['with no other name', { name: 'folder/.gz' }, 'folder/content'],
  ])('is known %s', async (_how, resource, name) => {
    expect(await unpacked(resource, inPieces(gzipSync('text')))).toEqual({ [name]: 'text' })
  })

  test('of several members in a row is all of them, and padding behind it is dropped', async () => {
    const packed = Buffer.concat([gzipSync('one,'), gzipSync('two')])
    expect(await unpacked({ name: 'a.gz' }, inPieces(packed, 5))).toEqual({ a: 'one,two' })
    const padded = Buffer.concat([gzipSync('padded'), Buffer.alloc(200_000)])
    expect(await unpacked({ name: 'a.gz', expectedSize: padded.length }, inPieces(padded))).toEqual({ a: 'padded' })
  })

  test.each([
    ['cut', gzipSync(randomBytes(10_000)).subarray(0, 5000)],
    ['empty', Buffer.alloc(0)],
    ['not gzip', Buffer.from('plain text')],
    ['with a wrong checksum', forgedEnd(gzipSync('some text'))],
  ])('that is %s is refused', async (_what, data) => {
    await refused(inPieces(data), { code: 'ERR_ARCHIVE', reason: 'broken', archive: 'a.gz' }, { name: 'a.gz' })
  })

  test('whose download breaks off or is shorter than announced fails with that', async () => {
    await refused(cut('\x1f\x8b'), { code: 'ECONNRESET' }, { name: 'a.gz' })
    const packed = gzipSync('text')
    await refused(
      inPieces(packed),
      { code: 'ERR_BUNDLE_INCOMPLETE' },
      { name: 'a.gz', expectedSize: packed.length + 1 },
    )
  })
})

function forgedEnd(data: Buffer): Buffer {
  data.writeUInt32LE(0xdeadbeef, data.length - 8)
  return data
}

describe('zip', () => {
  test('is unpacked into a folder of its name', async () => {
    const long = randomBytes(300_000).toString('hex')
    const archive = await zipOf([
      { name: 'cordata0.txt', content: long },
      { name: 'folder/cordata1.txt', content: 'stored', compress: false },
      { name: 'empty', content: '' },
    ])
    await using store = await openStore()
    await using draft = await store.begin({ source: 's', id: 'i', name: 'n' })
    const records = await draft.add({ url: URL, name: 'cordata.zip', status: 200 }, inPieces(archive))
    const { location } = await draft.complete()
    expect(filesOf(join(location, 'content'))).toEqual({
      'cordata.zip/cordata0.txt': long,
      'cordata.zip/folder/cordata1.txt': 'stored',
      'cordata.zip/empty': '',
    })
    expect(records).toHaveLength(3)
    for (const record of records)
      expect(record).toMatchObject({
        status: 200,
        url: URL,
        unpackedFrom: { name: 'cordata.zip', size: archive.length, sha256: sha256(archive) },
      })
    expect(staged(dir())).toEqual([])
  })

  test('with names that differ in letter case only keeps each', async () => {
    const archive = await zipOf([
      { name: 'a.txt', content: 'small' },
      { name: 'A.TXT', content: 'large' },
    ])
    const files = await unpacked({ name: 'x.zip' }, inPieces(archive))
    expect(Object.values(files).sort()).toEqual(['large', 'small'])
  })

  test.each([
    ['..', 'xx/evil.txt', '../evil.txt'],
    ['.. in the middle', 'a/xx/xx/evil', 'a/../../evil'],
    ['an absolute name', 'xtmp/evil.txt', '/tmp/evil.txt'],
    ['a drive', 'xx/evil.txt', 'C:/evil.txt'],
    ['a NUL', 'evilx.txt', 'evil\0.txt'],
  ])('with %s in it is refused', async (_what, name, hostile) => {
    const archive = forged(
      await zipOf([
        { name: 'good.txt', content: 'good' },
        { name, content: 'evil' },
      ]),
      name,
      hostile,
    )
    await refused(inPieces(archive), { code: 'ERR_ARCHIVE', reason: 'unsafe-name' })
  })

  test('with a symbolic link in it is refused', async () => {
    const archive = await zipOf([{ name: 'link', content: '/etc/passwd', mode: 0o120777 }])
    await refused(inPieces(archive), { code: 'ERR_ARCHIVE', reason: 'unsupported' })
  })

  test.each([
    ['cut', (archive: Buffer) => archive.subarray(0, archive.length - 30)],
    ['plain text', () => Buffer.from('this is no zip file, whatever its name says')],
    ['empty', () => Buffer.alloc(0)],
    ['changed inside', (archive: Buffer) => forged(archive, 'stored as it is', 'STORED as it is')],
  ])('that is %s is refused', async (_what, spoil) => {
    const archive = await zipOf([{ name: 'a.txt', content: 'stored as it is', compress: false }])
    await refused(inPieces(spoil(archive)), { code: 'ERR_ARCHIVE', reason: 'broken', archive: URL })
  })
})

describe('limits', () => {
  const ZEROS = Buffer.alloc(40 * MIB)

  test.each(['zip', 'gzip'])('a bomb of type %s ends at the ratio', async (format) => {
    const archive = format === 'zip' ? await zipOf([{ name: 'zeros', content: ZEROS }]) : gzipSync(ZEROS)
    expect(archive.length).toBeLessThan(100_000)
    const expected = { code: 'ERR_ARCHIVE', reason: 'ratio', hint: expect.stringContaining('maxRatio') }
    await refused(inPieces(archive), expected, { name: format === 'zip' ? 'a.zip' : 'a.gz' })
  })

  test('a bomb of many files, each of which is harmless, ends at the ratio', async () => {
    const archive = await zipOf(
      Array.from({ length: 40 }, (_, n) => ({ name: `zeros-${n}`, content: ZEROS.subarray(0, MIB) })),
    )
    await refused(inPieces(archive), { reason: 'ratio' })
  })

  test('of bytes and entries hold', async () => {
    const archive = await zipOf(Array.from({ length: 20 }, (_, n) => ({ name: `${n}`, content: 'x'.repeat(1000) })))
    await refused(inPieces(archive), { reason: 'too-large' }, {}, { maxBytes: 19_999 })
    await refused(inPieces(archive), { reason: 'too-many-entries' }, {}, { maxEntries: 19 })
    expect(Object.keys(await unpacked({}, inPieces(archive), { maxBytes: 20_000, maxEntries: 20 }))).toHaveLength(20)
  })

  test('an entry that is larger than its directory says is refused', async () => {
    const archive = await zipOf([{ name: 'a.txt', content: 'x'.repeat(5000) }])
    const directory = archive.indexOf('PK\x01\x02', 0, 'latin1')
    archive.writeUInt32LE(10, directory + 24)
    await refused(inPieces(archive), { code: 'ERR_ARCHIVE', reason: 'broken' })
  })

  test('archives in archives stay packed, unless maxNesting is higher, and count together', async () => {
    const inner = await zipOf([{ name: 'deep.txt.gz', content: gzipSync('deep'.repeat(100)) }])
    const archive = await zipOf([{ name: 'inner.zip', content: inner }])
    const flat = await unpacked({ name: 'a.zip' }, inPieces(archive))
    expect(Object.keys(flat)).toEqual(['a.zip/inner.zip'])
    const two = await unpacked({ name: 'a.zip' }, inPieces(archive), { maxNesting: 2 })
    expect(Object.keys(two)).toEqual(['a.zip/inner.zip/deep.txt.gz'])
    const three = await unpacked({ name: 'a.zip' }, inPieces(archive), { maxNesting: 3 })
    expect(three).toEqual({ 'a.zip/inner.zip/deep.txt': 'deep'.repeat(100) })
  })

  test('the sum over archives in archives is limited', async () => {
    const inner = await zipOf([{ name: 'deep', content: 'x'.repeat(10_000) }])
    const archive = await zipOf([
      { name: 'one.zip', content: inner },
      { name: 'two.zip', content: inner },
    ])
    await refused(inPieces(archive), { reason: 'too-large' }, {}, { maxNesting: 2, maxBytes: 20_000 })
  })

  test.each([{ maxBytes: 0 }, { maxRatio: Number.NaN }, { maxNesting: -1 }])(
    '%j is refused at once',
    async (limits) => {
      await expect(openStore(limits)).rejects.toThrow(RangeError)
    },
  )
})

test('only the formats asked for are unpacked; other resources are kept as they are', async () => {
  const archive = await zipOf([{ name: 'a', content: 'x' }])
  const files = await unpacked({ name: 'a.zip' }, inPieces(archive), { formats: ['gzip'] })
  expect(Object.keys(files)).toEqual(['a.zip'])
  const plain = await unpacked({ name: 'a.txt' }, inPieces(Buffer.from('plain')))
  expect(plain).toEqual({ 'a.txt': 'plain' })
})
