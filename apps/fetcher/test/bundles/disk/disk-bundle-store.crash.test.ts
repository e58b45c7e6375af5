/**
 * A process that stores a bundle is killed before each of its operations. Invariants: whoever finds a bundle by its name finds all of it; a completed bundle
 * is never lost; the next one that opens the store leaves nothing of the dead one; and the same request can be stored again.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BundleRequest, openDiskBundleStore } from '@holdfast/fetcher'
import { crashSweep, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { bytes, sha256, staged } from '../support.js'

const SCRIPT = new URL('../../fixtures/store-bundle.mjs', import.meta.url)
const REQUEST: BundleRequest = { source: 'src', id: 'request', name: 'https://host/page', folders: ['day'] }
const dir = useTempDir()
const output = (): string => `${dir()}/output`

/** What the script does. */
async function store(text: string): Promise<void> {
  await using bundles = await openDiskBundleStore(output())
  await using draft = await bundles.begin(REQUEST)
  await draft.add({ url: 'https://host/page', name: 'page' }, bytes(...text.split(' ')))
  await draft.add({ url: 'https://host/more', name: 'deep/more' }, bytes(...text.split(' ')))
  await draft.complete()
}

/** The text of the bundle under its name, checked against its own manifest and marker. */
function published(): string | undefined {
  const day = join(output(), 'src/day')
  const [name, ...others] = existsSync(day) ? readdirSync(day) : []
  expect(others).toEqual([])
  if (name === undefined) return undefined
  const folder = join(day, name)
  const manifestText = readFileSync(join(folder, 'manifest.json'), 'utf8')
  const marker = JSON.parse(readFileSync(join(folder, 'completed.json'), 'utf8'))
  expect(marker.manifestSha256).toBe(sha256(manifestText))
  const { resources } = JSON.parse(manifestText)
  expect(resources).toHaveLength(2)
  const texts = resources.map((resource: { name: string; sha256: string }) => {
    const content = readFileSync(join(folder, 'content', resource.name), 'utf8')
    expect(sha256(content)).toBe(resource.sha256)
    return content
  })
  expect(new Set(texts).size).toBe(1)
  return texts[0]
}

async function sweepOver(
  before: string | undefined,
  now: string,
): Promise<{ kills: number; seen: Set<string | undefined> }> {
  const seen = new Set<string | undefined>()
  const kills = await crashSweep(
    SCRIPT,
    {
      args: [output(), now],
      prepare: async () => {
        rmSync(output(), { recursive: true, force: true })
        if (before !== undefined) await store(before)
      },
    },
    async (_operation, child) => {
      const acknowledged = child.stdout() !== ''
      seen.add(published())
      if (existsSync(output())) {
        await using bundles = await openDiskBundleStore(output())
        expect(staged(output())).toEqual([])
        const text = published()
        // What was completed is there: the new one once it is acknowledged, until then one of them, if there was one.
        if (acknowledged) expect(text).toBe(now.replaceAll(' ', ''))
        else expect([before?.replaceAll(' ', ''), now.replaceAll(' ', '')]).toContain(text)
        expect((await bundles.find(REQUEST))?.outcome).toBe(text === undefined ? undefined : 'found')
      }
      await store(now)
      expect(published()).toBe(now.replaceAll(' ', ''))
      expect(staged(output())).toEqual([])
    },
  )
  return { kills, seen }
}

describe('killed before each operation', () => {
  test('a first bundle is there whole or not at all', { timeout: 120_000 }, async () => {
    const { kills, seen } = await sweepOver(undefined, 'one two three')
    expect([...seen]).toEqual([undefined, 'onetwothree'])
    expect(kills).toBeGreaterThan(25)
  })

  test('a bundle that replaces another loses neither', { timeout: 300_000 }, async () => {
    const { kills, seen } = await sweepOver('old', 'new text')
    // Between the two renames the name is free; the earlier one is back when the store is opened.
    expect([...seen]).toEqual(['old', undefined, 'newtext'])
    expect(kills).toBeGreaterThan(25)
  })
})
