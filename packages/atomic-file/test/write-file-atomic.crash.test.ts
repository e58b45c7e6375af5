/**
 * A process is killed before each of its operations. Invariant: every name holds either its whole old or its whole new content, what was
 * acknowledged is there, and all that a crash adds are temporary files, which a sweep removes.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { openAppendFile, sweepLeftovers } from '@holdfast/atomic-file'
import { type Child, type ChildExit, crashSweep, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'

const SCENARIO = new URL('fixtures/scenario.mjs', import.meta.url)
const dir = useTempDir()
const work = (): string => `${dir()}/work`
const read = (name: string): string | undefined =>
  existsSync(`${work()}/${name}`) ? readFileSync(`${work()}/${name}`, 'utf8') : undefined

interface Files {
  readonly [name: string]: string
}

/** Sweeps over all crash points of a scenario and returns the distinct states that were found, in the order found. */
async function statesAfterCrashes(
  scenario: string,
  files: Files,
  check: (child: Child, exit: ChildExit) => void | Promise<void> = () => undefined,
  prepare: () => void = () => undefined,
): Promise<{ kills: number; states: (string | undefined)[][]; leftovers: number }> {
  const names = new Set([...Object.keys(files)])
  const states: (string | undefined)[][] = []
  let leftovers = 0
  const kills = await crashSweep(
    SCENARIO,
    {
      args: [scenario, work()],
      prepare: () => {
        rmSync(work(), { recursive: true, force: true })
        mkdirSync(work())
        for (const [name, content] of Object.entries(files)) {
          if (content === '') continue
          writeFileSync(`${work()}/${name}`, content)
          chmodSync(`${work()}/${name}`, 0o640)
        }
        prepare()
      },
    },
    async (_operation, child, exit) => {
      await check(child, exit)
      const found = readdirSync(work())
      const strangers = found.filter((name) => !names.has(name))
      for (const name of strangers) expect(name).toMatch(/^\.holdfast-.*\.tmp$/)
      leftovers += strangers.length
      const state = [...names].map(read)
      expect(await sweepLeftovers(work())).toHaveLength(strangers.length)
      expect([...names].map(read)).toEqual(state)
      expect(readdirSync(work()).filter((name) => !names.has(name))).toEqual([])
      if (exit.code === 0) expect([strangers, child.stdout().endsWith('done')]).toEqual([[], true])
      if (JSON.stringify(states.at(-1)) !== JSON.stringify(state)) states.push(state)
    },
  )
  return { kills, states, leftovers }
}

describe('writeFileAtomic() killed before each operation', () => {
  test('leaves the old or the new file, and the backup before the new file', async () => {
    const fresh = 'new'.repeat(50_000)
    const found = await statesAfterCrashes('replace', { state: 'old', 'state.bak': 'older' })
    expect(found.states).toEqual([
      ['old', 'older'],
      ['old', 'old'],
      [fresh, 'old'],
    ])
    expect(found.kills).toBe(10)
    expect(found.leftovers).toBeGreaterThan(5)
  })

  test('never shows a private file with a wider mode, nor its temporary file', async () => {
    const found = await statesAfterCrashes(
      'replace',
      { state: 'old', 'state.bak': '' },
      () => {
        for (const name of readdirSync(work())) expect(statSync(`${work()}/${name}`).mode & 0o077).toBe(0)
      },
      () => chmodSync(`${work()}/state`, 0o600),
    )
    expect(found.kills).toBe(6)
  })

  test('creates the file whole or not at all', async () => {
    const found = await statesAfterCrashes('create', { state: '' })
    expect(found.states).toEqual([[undefined], ['new']])
    expect(found.kills).toBe(6)
  })

  test('leaves a symbolic link a link', async () => {
    const found = await statesAfterCrashes(
      'throughLink',
      { state: 'old', link: '' },
      () => expect(lstatSync(`${work()}/link`).isSymbolicLink()).toBe(true),
      () => symlinkSync('state', `${work()}/link`),
    )
    expect(found.states).toEqual([
      ['old', 'old'],
      ['new', 'new'],
    ])
  })
})

test('writeFilesAtomic() killed before each operation leaves whole files, new ones first in the order given', async () => {
  const names = [0, 1, 2].map((n) => `state-${n}`)
  const found = await statesAfterCrashes('group', Object.fromEntries(names.map((name) => [name, 'old'])))
  const expected = Array.from({ length: 4 }, (_, renamed) =>
    names.map((_name, n) => (n < renamed ? `new-${n}` : 'old')),
  )
  expect(found.states).toEqual(expected)
  expect(found.kills).toBe(16)
})

test('append() killed before each operation keeps what it acknowledged, and at most a torn tail that truncate() cuts', async () => {
  const whole = 'one\ntwo\nthree\n'
  const seen = new Set<string | undefined>()
  const found = await statesAfterCrashes('append', { journal: '' }, async (child) => {
    const before = read('journal')
    const acknowledged = child.stdout().replace('done', '')
    const content = read('journal') ?? ''
    expect(content.startsWith(acknowledged)).toBe(true)
    expect(whole.startsWith(content)).toBe(true)
    await using journal = await openAppendFile(`${work()}/journal`)
    expect(journal.size).toBe(content.length)
    await journal.truncate(acknowledged.length)
    await journal.append(whole.slice(acknowledged.length))
    expect(read('journal')).toBe(whole)
    seen.add(before)
  })
  expect([...seen]).toEqual([undefined, '', 'one\n', 'one\ntwo\n', whole])
  expect(found.kills).toBe(8)
})

test('makeDirectory() killed before each operation can be called again', async () => {
  const kills = await crashSweep(
    SCENARIO,
    {
      args: ['directories', work()],
      prepare: () => {
        rmSync(work(), { recursive: true, force: true })
        mkdirSync(work())
      },
    },
    (_operation, _child, exit) => {
      if (exit.code === 0) expect(existsSync(`${work()}/a/b/c`)).toBe(true)
    },
  )
  expect(kills).toBe(8)
})

describe('moveFile() and removeFile() killed before each operation', () => {
  test('moveFile() leaves the file under exactly one of the names', async () => {
    const found = await statesAfterCrashes('move', { state: 'old', moved: '' })
    expect(found.states).toEqual([
      ['old', undefined],
      [undefined, 'old'],
    ])
  })

  test('removeFile() leaves the file or nothing', async () => {
    const found = await statesAfterCrashes('remove', { state: 'old' })
    expect(found.states).toEqual([['old'], [undefined]])
  })
})
