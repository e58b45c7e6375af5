import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type BundleDraft, type BundleStore, openDiskBundleStore } from '@holdfast/fetcher'
import { fillDisk, mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { beforeEach, describe, expect, test } from 'vitest'
import { bytes, cut, filesOf, REQUEST, sha256, staged } from '../support.js'

const dir = useTempDir()
const URL = 'https://api.example/siren?page=1'
let store: BundleStore
beforeEach(async () => {
  store = await openDiskBundleStore(dir())
})

async function stored(text: string, name = 'page.json'): Promise<BundleDraft> {
  await using draft = await store.begin(REQUEST)
  await draft.add({ url: URL, name }, bytes(text))
  await draft.complete()
  return draft
}

describe('a bundle', () => {
  test('appears with content, manifest and marker when it is completed, not before', async () => {
    const clock = [1000, 2000, 3000, 4000].map((ms) => Date.UTC(2026, 10, 21) + ms)
    await using timed = await openDiskBundleStore(dir(), {}, { now: () => clock.shift() ?? 0 })
    await using draft = await timed.begin(REQUEST)
    const resource = {
      url: URL,
      name: 'page.json',
      status: 200,
      contentType: 'application/json',
      facts: { etag: '"1"' },
    }
    await draft.add(resource, bytes('{"a":', '1}'))
    await draft.add({ url: 'https://api.example/more.txt' }, bytes('more'))
    expect(filesOf(dir())).toEqual({})
    const bundle = await draft.complete()
    expect(bundle).toMatchObject({ outcome: 'stored', location: join(dir(), bundle.path) })
    expect(bundle.path).toMatch(/^fr-api\/2026-11-21\/siren-[0-9a-f]{24}$/)
    const files = filesOf(bundle.location)
    expect(Object.keys(files)).toEqual(['completed.json', 'content/more.txt', 'content/page.json', 'manifest.json'])
    expect(files['content/page.json']).toBe('{"a":1}')
    const manifest = JSON.parse(files['manifest.json'] ?? '')
    expect(manifest).toEqual({
      version: 1,
      bundle: bundle.path,
      request: { source: 'fr-api', id: REQUEST.id, name: REQUEST.name },
      startedAt: '2026-11-21T00:00:01.000Z',
      completedAt: '2026-11-21T00:00:04.000Z',
      bundleHash: sha256(sha256('more') + sha256('{"a":1}')),
      resources: [
        {
          name: 'more.txt',
          size: 4,
          sha256: sha256('more'),
          url: 'https://api.example/more.txt',
          storedAt: '2026-11-21T00:00:03.000Z',
        },
        { ...resource, size: 7, sha256: sha256('{"a":1}'), storedAt: '2026-11-21T00:00:02.000Z' },
      ],
    })
    expect(bundle.manifest).toEqual(manifest)
    expect(JSON.parse(files['completed.json'] ?? '')).toMatchObject({
      manifestSha256: sha256(files['manifest.json'] ?? ''),
      resources: 2,
      bytes: 11,
    })
    expect(staged(dir())).toEqual([])
  })

  test('complete() resolves to the same again, waits for what is being added, and ends the adding', async () => {
    await using draft = await store.begin(REQUEST)
    const adding = draft.add({ url: URL }, bytes('one', 'two'))
    const [first, second] = await Promise.all([draft.complete(), draft.complete()])
    expect(second).toBe(first)
    expect(await draft.complete()).toBe(first)
    expect((await adding)[0]?.size).toBe(6)
    await expect(draft.add({ url: URL }, bytes('late'))).rejects.toThrow(/being completed/)
    await draft.abandon()
    expect(existsSync(first.location)).toBe(true)
  })

  test('without resources is a bundle, too', async () => {
    await using draft = await store.begin(REQUEST)
    expect((await draft.complete()).manifest.resources).toEqual([])
    expect((await store.find(REQUEST))?.manifest.resources).toEqual([])
  })

  test('abandon() leaves nothing, also while something is being added', async () => {
    const draft = await store.begin(REQUEST)
    const gate = Promise.withResolvers<void>()
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('begin')
      await gate.promise
      yield Buffer.from('end')
    }
    const adding = draft.add({ url: URL }, slow())
    await draft.abandon()
    gate.resolve()
    await expect(adding).rejects.toThrow()
    await expect(draft.add({ url: URL }, bytes('x'))).rejects.toThrow(/abandoned/)
    await draft.abandon()
    expect([filesOf(dir()), staged(dir())]).toEqual([{}, []])
  })
})

describe('a resource that fails', () => {
  test('is no part of the bundle, which cannot be completed until it was added again', async () => {
    await using draft = await store.begin(REQUEST)
    await expect(draft.add({ url: URL, name: 'page' }, cut('half'))).rejects.toMatchObject({ code: 'ECONNRESET' })
    await expect(draft.complete()).rejects.toMatchObject({
      code: 'ERR_BUNDLE_INCOMPLETE',
      resource: 'page',
      cause: { code: 'ECONNRESET' },
    })
    expect(filesOf(dir())).toEqual({})
    await draft.add({ url: URL, name: 'page' }, bytes('whole'))
    const { location } = await draft.complete()
    expect(filesOf(location)['content/page']).toBe('whole')
    expect(Object.keys(filesOf(location))).toHaveLength(3)
  })

  test.each([
    ['shorter', { expectedSize: 6 }, /5 of 6 bytes/],
    ['longer', { expectedSize: 4 }, /5 of 4 bytes/],
    ['other', { expectedSha256: 'ab'.repeat(32) }, /SHA-256/],
  ])('because it is %s than announced is refused', async (_what, expected, message) => {
    await using draft = await store.begin(REQUEST)
    await expect(draft.add({ url: URL, ...expected }, bytes('12', '345'))).rejects.toThrow(message)
    await expect(draft.complete()).rejects.toMatchObject({ code: 'ERR_BUNDLE_INCOMPLETE' })
    await draft.add({ url: URL, expectedSize: 5, expectedSha256: sha256('12345') }, bytes('12345'))
    await draft.complete()
  })

  test('added a second time it replaces the first', async () => {
    await using draft = await store.begin(REQUEST)
    await draft.add({ url: URL, name: 'page' }, bytes('first'))
    await draft.add({ url: URL, name: 'page' }, bytes('second'))
    const { location, manifest } = await draft.complete()
    expect(manifest.resources).toHaveLength(1)
    expect(filesOf(location)['content/page']).toBe('second')
  })
})

describe('the same request again', () => {
  test('with the same content leaves the earlier bundle as it is', async () => {
    await stored('same')
    const before = filesOf(dir())
    await using draft = await store.begin(REQUEST)
    await draft.add({ url: URL, name: 'page.json' }, bytes('sa', 'me'))
    expect((await draft.complete()).outcome).toBe('unchanged')
    expect(filesOf(dir())).toEqual(before)
    expect(staged(dir())).toEqual([])
  })

  test('with other content takes its place, which is the only one', async () => {
    await stored('old', 'old.json')
    await using draft = await store.begin(REQUEST)
    await draft.add({ url: URL, name: 'new.json' }, bytes('new'))
    const bundle = await draft.complete()
    expect(bundle.outcome).toBe('replaced')
    expect(Object.keys(filesOf(bundle.location))).toEqual(['completed.json', 'content/new.json', 'manifest.json'])
    expect(readdirSync(join(dir(), 'fr-api/2026-11-21'))).toHaveLength(1)
    expect(staged(dir())).toEqual([])
  })

  test('at the same time: each completes, and one whole bundle is left', async () => {
    const texts = Array.from({ length: 8 }, (_, n) => `text ${n}`)
    const outcomes = await Promise.all(
      texts.map(async (text) => {
        await using draft = await store.begin(REQUEST)
        await draft.add({ url: URL, name: 'page.json' }, bytes(text))
        return (await draft.complete()).outcome
      }),
    )
    expect(outcomes.filter((outcome) => outcome === 'stored').length).toBeGreaterThan(0)
    const found = await store.find(REQUEST)
    const text = readFileSync(join(found?.location ?? '', 'content/page.json'), 'utf8')
    expect(texts).toContain(text)
    expect(found?.manifest.resources[0]?.sha256).toBe(sha256(text))
    expect(readdirSync(join(dir(), 'fr-api/2026-11-21'))).toHaveLength(1)
    expect(staged(dir())).toEqual([])
  })

  test('replaces a bundle of which a file was cut or lost', async () => {
    await stored('same')
    const found = await store.find(REQUEST)
    truncateSync(join(found?.location ?? '', 'content/page.json'), 1)
    await using draft = await store.begin(REQUEST)
    await draft.add({ url: URL, name: 'page.json' }, bytes('same'))
    const bundle = await draft.complete()
    expect(bundle.outcome).toBe('replaced')
    expect(filesOf(bundle.location)['content/page.json']).toBe('same')
  })

  test.each(['completed.json', 'manifest.json'])('sets aside a bundle whose %s does not fit', async (name) => {
    await stored('old')
    const { location = '' } = (await store.find(REQUEST)) ?? {}
    writeFileSync(join(location, name), '{}')
    expect(await store.find(REQUEST)).toBeUndefined()
    await stored('new')
    expect(filesOf(location)['content/page.json']).toBe('new')
    const day = join(dir(), 'fr-api/2026-11-21')
    const [, corrupt = ''] = readdirSync(day).sort()
    expect(corrupt).toMatch(/\.corrupt-\d{8}T\d{6}Z$/)
    expect(filesOf(join(day, corrupt))['content/page.json']).toBe('old')
  })
})

describe('opening the store', () => {
  test('gives a bundle that had stepped aside its name back, unless another has it', async () => {
    await stored('old')
    const { location = '', path = '' } = (await store.find(REQUEST)) ?? {}
    const aside = join(dir(), '.staging', `replaced-${path.slice(-24)}`)
    renameSync(location, aside)
    await openDiskBundleStore(dir())
    expect(filesOf(location)['content/page.json']).toBe('old')
    renameSync(location, aside)
    await stored('new')
    await openDiskBundleStore(dir())
    expect(filesOf(location)['content/page.json']).toBe('new')
    expect(staged(dir())).toEqual([])
  })

  test('does not follow a manifest that leads out of the output folder', async () => {
    const output = join(dir(), 'output')
    store = await openDiskBundleStore(output)
    await stored('old')
    const { location = '', path = '' } = (await store.find(REQUEST)) ?? {}
    const key = path.slice(-24)
    const text = readFileSync(join(location, 'manifest.json'), 'utf8').replace(path, `../../outside-${key}`)
    writeFileSync(join(location, 'manifest.json'), text)
    const marker = JSON.parse(readFileSync(join(location, 'completed.json'), 'utf8'))
    writeFileSync(join(location, 'completed.json'), JSON.stringify({ ...marker, manifestSha256: sha256(text) }))
    renameSync(location, join(output, '.staging', `replaced-${key}`))
    await openDiskBundleStore(output)
    expect(readdirSync(dir()).sort()).toEqual(['.staging', 'output'])
    expect(staged(output)).toEqual([`replaced-${key}`])
  })
})

test('on a full disk nothing appears, the earlier bundle stays, and completing goes on when there is room', async (context) => {
  const disk = mountTinyFileSystem(512 * 1024)
  if (disk === undefined) return context.skip('mounting needs root')
  store = await openDiskBundleStore(`${disk}/output`)
  await stored('old')
  const { location = '' } = (await store.find(REQUEST)) ?? {}
  await using draft = await store.begin(REQUEST)
  await draft.add({ url: URL, name: 'page.json' }, bytes('new'))
  const fill = fillDisk(disk)
  await expect(draft.add({ url: URL, name: 'big' }, bytes('x'.repeat(100_000)))).rejects.toMatchObject({
    code: 'ENOSPC',
  })
  await expect(draft.complete()).rejects.toMatchObject({ code: 'ERR_BUNDLE_INCOMPLETE' })
  unlinkSync(fill)
  await draft.add({ url: URL, name: 'big' }, bytes('x'.repeat(100_000)))
  const again = fillDisk(disk)
  await expect(draft.complete()).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(filesOf(location)['content/page.json']).toBe('old')
  unlinkSync(again)
  expect((await draft.complete()).outcome).toBe('replaced')
  expect(filesOf(location)['content/big']).toHaveLength(100_000)
  expect(staged(`${disk}/output`)).toEqual([])
})

test('credentials are not written: in URLs, and where they are told to the store', async () => {
  await using secretive = await openDiskBundleStore(dir(), { secrets: ['s3cr3t/value'] })
  const url = 'https://me:pass@api.example/a/s3cr3t%2Fvalue/x?api_key=KEY1&page=2&access_token=TOK2#frag'
  await using draft = await secretive.begin({ source: 'fr', id: url, name: url })
  await draft.add({ url, name: 'x', facts: { redirected: `${url}&x=s3cr3t/value` } }, bytes('body'))
  await draft.add({ url: 'https://api.example/k/s3cr3t%2Fvalue' }, bytes('body'))
  await draft.add({ url, name: 'named-s3cr3t/value' }, bytes('body'))
  const { location, path } = await draft.complete()
  await using other = await secretive.begin({ source: 'fr', id: 'x', name: 'https://api.example/k/s3cr3t%2Fvalue' })
  const all = JSON.stringify(filesOf(dir())) + path + (await other.complete()).path
  for (const secret of ['pass', 's3cr3t', 'KEY1', 'TOK2', 'frag']) expect(all).not.toContain(secret)
  const manifest = JSON.parse(filesOf(location)['manifest.json'] ?? '')
  expect(manifest.resources.find(({ name }: { name: string }) => name === 'x').url).toBe(
    'https://api.example/a/REDACTED/x?api_key=REDACTED&page=2&access_token=REDACTED',
  )
})

test('begin() below a file in the way is an error of the system, and the store can be used on', async () => {
  mkdirSync(join(dir(), 'other'))
  writeFileSync(join(dir(), 'fr-api'), 'in the way')
  await expect(store.begin(REQUEST)).rejects.toMatchObject({ code: expect.stringMatching(/ENOTDIR|EEXIST/) })
  await using draft = await store.begin({ ...REQUEST, source: 'other' })
  expect((await draft.complete()).outcome).toBe('stored')
  await store.close()
  await expect(store.begin(REQUEST)).rejects.toThrow(/closed/)
})
