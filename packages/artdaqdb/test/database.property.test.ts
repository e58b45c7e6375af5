/**
 * Any sequence of stores, folds, restarts, rebuilds and foreign writes leaves the database as a plain map would be, and its index.json as one made
 * from the documents by the simplest means.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRunDatabase } from '@holdfast/artdaqdb'
import { useTempDir } from '@holdfast/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asRecord, sampleExport, sampleRun } from './sample-run.js'

const dir = useTempDir()

type Step =
  | { readonly do: 'store'; readonly run: number; readonly components: readonly string[] }
  | { readonly do: 'fold' | 'restart' | 'rebuild' | 'prettify' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: storeStep() },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fold', 'restart', 'rebuild', 'prettify') }) },
)

function storeStep(): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constant('store'),
    run: fc.integer({ min: 1, max: 12 }),
    components: fc.subarray(['tpc01', 'tpc02', 'crt']),
  })
}

test('a database behaves as a map of runs', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 6 }), async (rounds) => {
      const root = join(mkdtempSync(join(dir(), 'property-')), 'db')
      const uri = `filesystemdb://${root}`
      const model = new Map<number, Set<string>>()
      let database = await openRunDatabase({ uri })
      for (const round of rounds) {
        // The steps of a round are under way at the same time.
        const results = round.map((current) => apply(current))
        await Promise.all(results)
        const listed = await database.listRuns()
        expect([...listed.keys()]).toEqual([...model.keys()].sort((a, b) => a - b))
        for (const [run, components] of model) {
          const entities = new Set(['metadata', 'RunHistory2', ...components])
          expect(listed.get(run)).toMatchObject({ configurations: [`${run}/beam-00012`], entities, hasSchema: true })
          expect(asRecord(await database.exportRun(run))).toEqual(sampleExport(run, [...components]))
        }
      }
      await database.close()
      if (model.size > 0) for (const name of ['RunHistory', 'SystemLayout']) checkIndex(join(root, name))
      rmSync(root, { recursive: true, force: true })

      async function apply(current: Step): Promise<void> {
        if (current.do === 'store') {
          const components = model.get(current.run) ?? new Set()
          model.set(current.run, components)
          for (const name of current.components) components.add(name)
          await database.storeRun(sampleRun(current.run, current.components))
        } else if (model.size === 0) return
        else if (current.do === 'fold') await database.fold()
        else if (current.do === 'rebuild') await database.rebuildIndex()
        else if (current.do === 'restart') {
          const closing = database
          database = await openRunDatabase({ uri })
          await closing.close()
        } else await prettify(root)
      }
    }),
    { numRuns: 30 },
  )
})

/** Another program writes the index in a form of its own. */
async function prettify(root: string): Promise<void> {
  const path = join(root, 'RunHistory', 'index.json')
  try {
    writeFileSync(path, JSON.stringify(JSON.parse(readFileSync(path, 'utf8')), null, 1))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

function checkIndex(collection: string): void {
  const sections = ['version', 'configurations.name', 'entities.name', 'runs.name', 'configurations.assigned'] as const
  const expected: Record<string, Record<string, string[]>> = Object.fromEntries(sections.map((name) => [name, {}]))
  const oids: string[] = []
  const add = (section: (typeof sections)[number], name: string, item: string): void => {
    const names = expected[section] ?? {}
    names[name] = [...new Set([...(names[name] ?? []), item])].sort()
  }
  for (const file of readdirSync(collection)) {
    if (file === 'index.json') continue
    const document = JSON.parse(readFileSync(join(collection, file), 'utf8'))
    const oid = document._id.$oid
    oids.push(oid)
    add('version', document.version, oid)
    add('configurations.name', document.configurations[0].name, oid)
    add('configurations.assigned', document.configurations[0].name, document.configurations[0].assigned)
    add('entities.name', document.entities[0].name, oid)
    add('runs.name', document.runs[0].name, oid)
  }
  const index: unknown = JSON.parse(readFileSync(join(collection, 'index.json'), 'utf8'))
  expect(index).toEqual({ ouid: oids.sort(), ...expected, 'aliases.active.name': {} })
}
