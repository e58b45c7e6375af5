import { randomBytes } from 'node:crypto'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { type BundleStore, openS3BundleStore } from '@holdfast/fetcher'
import { useTempDir } from '@holdfast/testkit'
import { beforeEach, describe, expect, test } from 'vitest'
import { bytes, cut, REQUEST, sha256 } from '../support.js'
import { refuse, type S3Server, startS3Server } from './s3-server.js'

const dir = useTempDir()
const URL = 'https://api.example/siren?page=1'
const MIB = 1024 * 1024
let server: S3Server
let store: BundleStore
let client: S3Client

beforeEach(async () => {
  server = await startS3Server(dir())
  store = await openS3BundleStore(server.options)
  const { endpoint = '', credentials } = server.options
  client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1', ...(credentials && { credentials }) })
})

async function keys(): Promise<string[]> {
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: 'bundles' }))
  return (Contents ?? []).map(({ Key = '' }) => Key)
}

async function read(key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'bundles', Key: key }))
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}

/** Size and hash of each object that the marker of the only bundle leads to; `undefined` without a marker. */
async function current(): Promise<Record<string, string> | undefined> {
  const all = await keys()
  const [marker, ...others] = all.filter((key) => key.endsWith('/completed.json'))
  expect(others).toEqual([])
  if (marker === undefined) return undefined
  const { attempt, manifestSha256 } = JSON.parse((await read(marker)).toString())
  const folder = `${marker.replace('completed.json', '')}${attempt}`
  const manifest = await read(`${folder}/manifest.json`)
  expect(sha256(manifest)).toBe(manifestSha256)
  const files: Record<string, string> = {}
  for (const resource of JSON.parse(manifest.toString()).resources) {
    const content = await read(`${folder}/content/${resource.name}`)
    expect([content.length, sha256(content)]).toEqual([resource.size, resource.sha256])
    files[resource.name] = content.length > 100 ? sha256(content) : content.toString()
  }
  return files
}

async function stored(text: string, name = 'page.json'): Promise<string> {
  await using draft = await store.begin(REQUEST)
  await draft.add({ url: URL, name, contentType: 'application/json' }, bytes(text))
  return (await draft.complete()).outcome
}

describe('a bundle in S3', () => {
  test('has its manifest and then its marker written last', async () => {
    expect(await stored('text')).toBe('stored')
    const path = expect.stringMatching(/^raw\/fr-api\/2026-11-21\/siren-[0-9a-f]{24}\//)
    const writes = server.requests.filter((line) => line.startsWith('PUT'))
    expect(writes.map((line) => line.replace(/^PUT raw\/.*\/(?=content|manifest|completed)|\?.*$/g, ''))).toEqual([
      'content/page.json',
      'manifest.json',
      'completed.json',
    ])
    expect(await keys()).toEqual([path, path, path])
    expect(await current()).toEqual({ 'page.json': 'text' })
    const found = await store.find(REQUEST)
    expect(found).toMatchObject({ outcome: 'found', manifest: { request: { id: REQUEST.id } } })
    expect(found?.location).toBe(`s3://bundles/raw/${found?.path}`)
    expect(await store.find({ ...REQUEST, id: 'other' })).toBeUndefined()
  })

  test('takes content of any size in parts, right at their borders, too', async () => {
    await using draft = await store.begin(REQUEST)
    const expected: Record<string, string> = {}
    for (const size of [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 20 * MIB]) {
      const data = randomBytes(size)
      async function* inUnevenParts(): AsyncGenerator<Uint8Array> {
        for (let offset = 0; offset < size; offset += 777_777) yield data.subarray(offset, offset + 777_777)
      }
      const [record] = await draft.add({ url: `https://host/${size}`, expectedSize: size }, inUnevenParts())
      expect(record).toMatchObject({ size, sha256: sha256(data) })
      expected[`${size}`] = size > 100 ? sha256(data) : data.toString()
    }
    await draft.complete()
    expect(await current()).toEqual(expected)
    const parts = server.requests.filter((line) => line.startsWith('PUT') && line.includes('partNumber'))
    expect(parts).toHaveLength(2 + 3)
  })

  test('again with the same content is unchanged, with other content replaced; nothing of the others stays', async () => {
    await stored('old', 'old.json')
    const before = await keys()
    expect(await stored('old', 'old.json')).toBe('unchanged')
    expect(await keys()).toEqual(before)
    expect(await stored('new', 'new.json')).toBe('replaced')
    expect(await current()).toEqual({ 'new.json': 'new' })
    expect(await keys()).toHaveLength(3)
  })

  test('that is abandoned or whose download breaks off leaves nothing, and the earlier one stays', async () => {
    await stored('old')
    const before = await keys()
    {
      await using draft = await store.begin(REQUEST)
      await draft.add({ url: URL, name: 'small' }, bytes('small'))
      const large = 'x'.repeat(9 * MIB)
      await expect(draft.add({ url: URL, name: 'large' }, cut(large))).rejects.toMatchObject({ code: 'ECONNRESET' })
      await expect(draft.complete()).rejects.toMatchObject({ code: 'ERR_BUNDLE_INCOMPLETE', resource: 'large' })
    }
    expect(await keys()).toEqual(before)
    expect(server.requests.filter((line) => line.startsWith('DELETE') && line.includes('uploadId'))).toHaveLength(1)
    expect(await current()).toEqual({ 'page.json': 'old' })
  })

  test('that is cut or has another hash never becomes an object', async () => {
    await using draft = await store.begin(REQUEST)
    const wrong = { url: URL, expectedSize: 9 }
    await expect(draft.add(wrong, bytes('12345'))).rejects.toMatchObject({ code: 'ERR_BUNDLE_INCOMPLETE' })
    await expect(
      draft.add({ url: URL, name: 'large', expectedSha256: 'ab'.repeat(32) }, bytes('x'.repeat(9 * MIB))),
    ).rejects.toMatchObject({ code: 'ERR_BUNDLE_INCOMPLETE' })
    expect(await keys()).toEqual([])
  })

  test('whose marker cannot be written is not there, and can be completed again', async () => {
    await stored('old')
    await using draft = await store.begin(REQUEST)
    await draft.add({ url: URL, name: 'page.json' }, bytes('new'))
    server.intercept = (_request, response, line) => /^PUT .*completed\.json/.test(line) && refuse(response)
    await expect(draft.complete()).rejects.toMatchObject({
      name: 'BundleStoreError',
      code: 'ERR_BUNDLE_STORE',
      location: expect.stringMatching(/^s3:\/\/bundles\/raw\/.*completed\.json$/),
    })
    expect(await current()).toEqual({ 'page.json': 'old' })
    server.intercept = undefined
    expect((await draft.complete()).outcome).toBe('replaced')
    expect(await current()).toEqual({ 'page.json': 'new' })
  })

  test('whose answers are lost is completed once', async () => {
    await using draft = await store.begin(REQUEST)
    await draft.add({ url: URL, name: 'page.json' }, bytes('text'))
    let lost = 0
    server.intercept = (_request, response, line) => {
      if (/^PUT .*completed\.json/.test(line) && lost++ === 0) response.end = () => response.destroy()
      return false
    }
    expect((await draft.complete()).outcome).toBe('stored')
    expect(lost).toBe(2)
    expect(await current()).toEqual({ 'page.json': 'text' })
    await draft.abandon()
    expect(await keys()).toHaveLength(3)
  })

  test('has names that fit into keys, whatever they are', async () => {
    await using draft = await store.begin(REQUEST)
    const names = ['../../up', 'ü ?&#+%', 'x'.repeat(3000), 'a', 'A', 'y/'.repeat(600)]
    for (const name of names) await draft.add({ url: `https://host/${name}`, name }, bytes(name.slice(0, 50)))
    await draft.complete()
    expect(Object.values((await current()) ?? {}).sort()).toEqual(names.map((name) => name.slice(0, 50)).sort())
    for (const key of await keys()) {
      expect(key).toMatch(/^raw\/fr-api\//)
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024)
      expect(key.split('/')).not.toContain('..')
    }
  })
})

describe('sweep()', () => {
  test('removes old attempts that no marker names, and nothing else', async () => {
    await stored('kept')
    const before = await keys()
    const leave = async (request = REQUEST): Promise<void> => {
      const draft = await store.begin(request)
      await draft.add({ url: URL, name: 'left' }, bytes('left'))
    }
    await leave()
    await leave({ ...REQUEST, id: 'never completed' })
    expect(await keys()).toHaveLength(before.length + 2)
    expect(await store.sweep()).toBe(0)
    const tomorrow = await openS3BundleStore(server.options, { now: () => Date.now() + 2 * 86_400_000 })
    expect(await tomorrow.sweep()).toBe(2)
    expect(await keys()).toEqual(before)
    expect(await tomorrow.sweep()).toBe(0)
    expect(await current()).toEqual({ 'page.json': 'kept' })
  })
})

test('parts that S3 would refuse are refused at once', async () => {
  await expect(openS3BundleStore({ bucket: 'b', partBytes: 1000 })).rejects.toThrow(RangeError)
})
