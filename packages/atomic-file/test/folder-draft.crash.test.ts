/**
 * A process is killed before each of its operations. Invariant: the name shows all of the folder or nothing, and what a crash adds is one temporary folder,
 * which a sweep removes.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { sweepLeftovers } from '@holdfast/atomic-file'
import { crashSweep, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'

const SCENARIO = new URL('fixtures/scenario.mjs', import.meta.url)
const dir = useTempDir()
const work = (): string => `${dir()}/work`

function found(): string[] {
  if (!existsSync(`${work()}/bundle`)) return []
  return readdirSync(`${work()}/bundle`, { recursive: true, encoding: 'utf8' }).sort()
}

async function sweep(
  scenario: string,
  prepare: () => void,
): Promise<{ states: string[][]; kills: number; leftovers: number }> {
  const states: string[][] = []
  let leftovers = 0
  const kills = await crashSweep(
    SCENARIO,
    {
      args: [scenario, work()],
      prepare: () => {
        rmSync(work(), { recursive: true, force: true })
        mkdirSync(work())
        writeFileSync(`${work()}/state`, 'state')
        prepare()
      },
    },
    async (_operation, _child, exit) => {
      const state = found()
      const strangers = readdirSync(work()).filter((name) => name !== 'bundle' && name !== 'state')
      leftovers += strangers.length
      expect(await sweepLeftovers(work())).toHaveLength(strangers.length)
      expect(readdirSync(work()).filter((name) => name !== 'bundle')).toEqual(['state'])
      expect(readFileSync(`${work()}/state`, 'utf8')).toBe('state')
      expect(found()).toEqual(state)
      if (exit.code === 0) expect(strangers).toEqual([])
      if (JSON.stringify(states.at(-1)) !== JSON.stringify(state)) states.push(state)
    },
  )
  return { states, kills, leftovers }
}

const WHOLE = ['completed', 'content', 'content/deep', 'content/deep/body', 'linked']

test('publish() killed before each operation leaves the whole folder or none', async () => {
  const { states, kills, leftovers } = await sweep('draft', () => undefined)
  expect(states).toEqual([[], WHOLE])
  expect(readFileSync(`${work()}/bundle/content/deep/body`, 'utf8')).toBe('one,two,three')
  expect(kills).toBeGreaterThan(12)
  expect(leftovers).toBeGreaterThan(10)
})

test('removeFolder() killed before each operation leaves the whole folder or none', async () => {
  const { states, kills } = await sweep('removeFolder', () => {
    mkdirSync(`${work()}/bundle/content`, { recursive: true })
    for (const name of ['completed', 'content/page']) writeFileSync(`${work()}/bundle/${name}`, 'x')
  })
  expect(states).toEqual([['completed', 'content', 'content/page'], []])
  expect(kills).toBeGreaterThan(3)
})
