/**
 * A process that stores a bundle in S3 is killed before each of its requests is answered. Invariants: a marker always leads to a whole bundle; a completed
 * bundle is never lost; and a sweep leaves nothing but what the marker names.
 */
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type BundleRequest, openS3BundleStore } from '@holdfast/fetcher'
import { type Child, startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { bytes } from '../support.js'
import { type S3Server, startS3Server } from './s3-server.js'

const SCRIPT = new URL('../../fixtures/store-bundle-s3.mjs', import.meta.url)
const REQUEST: BundleRequest = { source: 'src', id: 'request', name: 'https://host/page', folders: ['day'] }
const DAY_MS = 86_400_000
const dir = useTempDir()

/** The text of the bundle that the marker names, every byte of which was read from the server. */
async function published(server: S3Server): Promise<string | undefined> {
  await using store = await openS3BundleStore(server.options)
  const found = await store.find(REQUEST)
  if (found === undefined) return undefined
  const { endpoint, bucket } = server.options
  const base = `${endpoint}/${bucket}/raw/${found.path}`
  const { attempt } = JSON.parse(await (await fetch(`${base}/completed.json`)).text())
  expect(found.manifest.resources.map(({ name }) => name)).toEqual(['large', 'page'])
  for (const { name, size, sha256 } of found.manifest.resources) {
    const bytes = Buffer.from(await (await fetch(`${base}/${attempt}/content/${name}`)).arrayBuffer())
    expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([size, sha256])
  }
  return await (await fetch(`${base}/${attempt}/content/page`)).text()
}

async function storeOld(server: S3Server): Promise<void> {
  await using store = await openS3BundleStore(server.options)
  await using draft = await store.begin(REQUEST)
  for (const name of ['page', 'large']) await draft.add({ url: `https://host/${name}`, name }, bytes('old'))
  await draft.complete()
}

async function run(server: S3Server, text: string, killAt?: number): Promise<Child> {
  const child = startChild(SCRIPT, { args: [JSON.stringify(server.options), text], deadlineMs: 15_000 })
  let requests = 0
  server.intercept = () => {
    requests += 1
    if (requests === killAt) child.kill('SIGKILL')
    return requests >= (killAt ?? Number.POSITIVE_INFINITY)
  }
  await child.exited
  server.intercept = undefined
  return child
}

test('killed before each request, the old or the new bundle is there, and a sweep ends it', {
  timeout: 120_000,
}, async () => {
  const seen: (string | undefined)[] = []
  let kills = 0
  for (let killAt = 1; ; killAt += 1) {
    const folder = join(dir(), `run-${killAt}`)
    const server = await startS3Server(folder)
    await storeOld(server)
    const child = await run(server, 'new', killAt)
    const { code } = await child.exited
    const text = await published(server)
    if (code === 0) expect(text).toBe('new')
    if (seen.at(-1) !== text) seen.push(text)
    await using later = await openS3BundleStore(server.options, { now: () => Date.now() + 2 * DAY_MS })
    await later.sweep()
    expect(await published(server)).toBe(text)
    const objects = readdirSync(join(folder, 'bundles'), { recursive: true, encoding: 'utf8' })
    expect(
      objects.filter((name) => /(?:page|large|manifest\.json|completed\.json)\._S3rver_object$/.test(name)),
    ).toHaveLength(4)
    if (code === 0) break
    kills += 1
  }
  expect(seen).toEqual(['old', 'new'])
  expect(kills).toBeGreaterThan(8)
})
