import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { writeFileAtomic } from '@holdfast/atomic-file'
import { startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'

const dir = useTempDir()

test('writeFileAtomic() from four processes: a reader always finds one whole version', async () => {
  const path = `${dir()}/state`
  await writeFileAtomic(path, '-'.repeat(200_000))
  const writers = ['a', 'b', 'c', 'd'].map((letter) =>
    startChild(new URL('fixtures/writer.mjs', import.meta.url), { args: [path, letter, '40'] }),
  )
  await Promise.all(writers.map((writer) => writer.ready()))
  for (const writer of writers) writer.send({ type: 'go' })
  let running = true
  const ends = Promise.all(writers.map((writer) => writer.exited)).finally(() => {
    running = false
  })
  const versions = new Set<string>()
  while (running) {
    const content = await readFile(path, 'latin1')
    expect(content.length).toBe(200_000)
    expect(content === (content[0] ?? '').repeat(200_000)).toBe(true)
    versions.add(content[0] ?? '')
  }
  expect((await ends).map((exit) => exit.code)).toEqual([0, 0, 0, 0])
  expect(versions.size).toBeGreaterThan(1)
  expect(readdirSync(dir())).toEqual(['state'])
})

test('writeFileAtomic() with overwrite: false from three processes: each file has exactly one creator', async () => {
  const claimers = ['a', 'b', 'c'].map((who) =>
    startChild(new URL('fixtures/claimer.mjs', import.meta.url), { args: [dir(), who, '40'] }),
  )
  await Promise.all(claimers.map((claimer) => claimer.ready()))
  for (const claimer of claimers) claimer.send({ type: 'go' })
  const reports = await Promise.all(claimers.map((claimer) => claimer.waitFor('claims')))
  const creators = reports.flatMap(({ won }, index) => (won as number[]).map((n) => [n, 'abc'[index] ?? ''] as const))
  expect(creators.map(([n]) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n))
  for (const [n, who] of creators) expect(readFileSync(`${dir()}/claim-${n}`, 'utf8')).toBe(who.repeat(10_000))
  for (const { codes } of reports) for (const code of codes as string[]) expect(code).toBe('EEXIST')
  expect(readdirSync(dir())).toHaveLength(40)
})
