/**
 * The orchestrator is killed before its file-system operations. Afterwards, always: what is recorded as done has ended and its files are those that were recorded;
 * another run comes to the end and does nothing again that was recorded.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { crashSweep, startChild } from '@holdfast/testkit'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import { expect, test } from 'vitest'
import { type Table, useSite } from './support/site.js'

const { write, read, path } = useSite()
const script = new URL('fixtures/run-pipeline.mjs', import.meta.url)

test('killed anywhere, it records nothing as done that is not, and does nothing again that was', {
  timeout: 60_000,
}, async () => {
  write('book.txt', 'text')
  let dones = 0
  const prepare = (): void => {
    for (const name of ['in', 'out', '.pipeline', 'pipeline.json', 'pipeline.json.lock', 'ended'])
      rmSync(path(name), { recursive: true, force: true })
  }
  const kills = await crashSweep(script, { args: [path('.')], prepare, from: 3, step: 23 }, async () => {
    const done = await findDone()
    dones += done.length
    const before = ended()
    expect(before).toEqual(expect.arrayContaining(done))
    expect((await startChild(script, { args: [path('.')] }).exited).code).toBe(0)
    const again = ended().slice(before.length)
    expect(again.filter((unit) => done.includes(unit))).toEqual([])
    expect((await findDone()).sort()).toEqual(['phase1/', 'phase2/a', 'phase2/b', 'phase3/'])
    expect(read('out/book')).toBe('1\n2\n')
  })
  expect(kills).toBeGreaterThan(3)
  expect(dones).toBeGreaterThan(3)
})

function ended(): string[] {
  return existsSync(path('ended')) ? read('ended').trim().split('\n') : []
}

/** The units that the newest commit tells are done; their files have to be what it says. */
async function findDone(): Promise<string[]> {
  await using state = new PipelineState(path('pipeline.json'))
  const document: Table = await state.read()
  return ['phase1', 'phase2', 'phase3'].flatMap((phase) => {
    const entry = (document[phase] as { files?: Record<string, Table> } | undefined)?.files?.['book']
    if (phase !== 'phase2') return entry === undefined ? [] : doneIn(entry, `${phase}/`)
    return ((entry?.['chunks'] ?? []) as Table[]).flatMap((chunk) =>
      doneIn(chunk, `${phase}/${String(chunk['chunk_id'])}`),
    )
  })
}

function doneIn({ status, artifacts }: Table, unit: string): string[] {
  if (status !== 'success') return []
  for (const file of Object.values(artifacts as Table).flat() as Table[]) {
    const content = readFileSync(resolve(path('.'), String(file['path'])))
    expect(createHash('sha256').update(content).digest('hex'), `${unit}: ${String(file['path'])}`).toBe(file['sha256'])
  }
  return [unit]
}
