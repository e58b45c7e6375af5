/** Names come from servers: whatever they are, every file stays below `content/`, is nobody else's, and holds its own bytes. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { type BundleRequest, openDiskBundleStore } from '@holdfast/fetcher'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { bytes, filesOf } from './support.js'

const dir = useTempDir()
const output = (): string => join(dir(), 'output')

const HOSTILE = [
  '..',
  '../../../etc/passwd',
  '/etc/passwd',
  'a/../../b',
  'a/./b//c/',
  '.',
  '',
  '/',
  'nul\0byte',
  'C:\\Windows\\x',
  '\\\\server\\share',
  'con',
  'NUL.txt',
  'folder/aux/lpt1.log',
  'x'.repeat(300),
  `${'y'.repeat(300)}.json`,
  Array.from({ length: 200 }, (_, n) => `deep${n}`).join('/'),
  'name',
  'NAME',
  'Name',
  'name/below',
  'NAME/BELOW',
  'é.txt',
  'e\u0301.txt',
  'straße',
  'STRASSE',
  'line\nbreak',
  'bidi\u202Etxt.exe',
  '\uD800lone',
  ' blank ',
  'dot.',
  '.hidden',
  '.holdfast-000000000000-1-1-0000000000000000.tmp',
  'manifest.json',
  '../completed.json',
  '%2e%2e/%2e%2e/x',
  '...',
  '~/x',
  '$(reboot)',
  '-rf',
] as const

test('hostile names stay below the folder of their bundle, all different, each with its own bytes', async () => {
  await using store = await openDiskBundleStore(output())
  await using draft = await store.begin({ source: 's', id: 'i', name: 'n' })
  const records = await Promise.all(
    HOSTILE.map(async (name, index) => {
      const [record] = await draft.add({ url: `https://host/${index}`, name }, bytes(`content ${index}`))
      return record
    }),
  )
  const { location } = await draft.complete()
  const content = join(location, 'content')
  records.forEach((record, index) => {
    const path = resolve(content, record?.name ?? '..')
    expect(path.startsWith(content + sep)).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe(`content ${index}`)
  })
  const names = records.map((record) => record?.name ?? '')
  expect(new Set(names.map((name) => name.normalize('NFKC').toUpperCase())).size).toBe(HOSTILE.length)
  for (const part of names.flatMap((name) => name.split('/'))) {
    expect(part).not.toMatch(/^\.|\p{Cc}|\\|^(?:con|nul|aux|lpt1)(?:\.|$)/iu)
    expect(Buffer.byteLength(part)).toBeLessThanOrEqual(255)
  }
  expect(Object.keys(filesOf(location))).toHaveLength(HOSTILE.length + 2)
  expect(readdirSync(dir())).toEqual(['output'])
  expect(readdirSync(output()).sort()).toEqual(['.staging', 's'])
})

test('requests with hostile names and folders stay in the output folder, each in its own bundle', async () => {
  await using store = await openDiskBundleStore(output())
  const requests: BundleRequest[] = HOSTILE.flatMap((name) => [
    { source: name, id: 'i', name: 'n' },
    { source: 's', id: name, name },
    { source: 's', id: `${name} in folders`, name: 'n', folders: [name, 'x'] },
  ])
  const paths = new Set<string>()
  for (const request of requests) {
    await using draft = await store.begin(request)
    await draft.add({ url: 'https://host/page' }, bytes(JSON.stringify(request)))
    const { location, path } = await draft.complete()
    expect(resolve(location).startsWith(resolve(output()) + sep)).toBe(true)
    expect(path.split('/')).toHaveLength((request.folders?.length ?? 1) + 2)
    paths.add(path.toUpperCase())
    expect(readFileSync(join(location, 'content/page'), 'utf8')).toBe(JSON.stringify(request))
    expect((await store.find(request))?.path).toBe(path)
  }
  expect(paths.size).toBe(requests.length)
  expect(readdirSync(dir())).toEqual(['output'])
})

test('a name does not change because of what was stored before it, unless they would collide', async () => {
  await using store = await openDiskBundleStore(output())
  const names = async (...given: readonly string[]): Promise<string[]> => {
    await using draft = await store.begin({ source: 's', id: 'i', name: 'n' })
    const records = []
    for (const name of given) records.push(...(await draft.add({ url: `https://host/${name}`, name }, bytes(name))))
    return records.map((record) => record.name)
  }
  expect(await names('doc/cor/20250829c.txt', 'b.json')).toEqual(['doc/cor/20250829c.txt', 'b.json'])
  expect(await names('b.json', 'B.json')).toEqual(['b.json', expect.stringMatching(/^B-[0-9a-f]{8}\.json$/)])
  expect(await names('a', 'a/b')).toEqual(['a', expect.stringMatching(/^a\/b-[0-9a-f]{8}$|^[0-9a-f]{64}$/)])
})
