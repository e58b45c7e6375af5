import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { PipelineState } from '@holdfast/txn-store/pipeline'
import { expect, test } from 'vitest'
import { checkPipeline } from '../../src/index.js'
import { createReport } from '../../src/report/create-report.js'
import { makeDocument } from './documents.js'

const dir = useTempDir()
const now = (): number => Date.parse('2026-03-01T10:00:00Z')

function write(document: object): string {
  const statePath = join(dir(), 'pipeline.json')
  writeFileSync(statePath, JSON.stringify(document))
  return statePath
}

test('createReport() writes one page beside the state, or where it was told to', async () => {
  const statePath = write(makeDocument({ items: 2 }))
  const { report, bytes } = await createReport({ statePath, now })
  expect(report).toBe(join(dir(), 'report.html'))
  expect(statSync(report).size).toBe(bytes)
  mkdirSync(join(dir(), 'out'))
  const output = join(dir(), 'out', 'page.html')
  await createReport({ statePath, output, now })
  expect(readFileSync(output, 'utf8')).toContain('href="./../audio/harbour/text.txt"')
  const single = await createReport({ statePath, fileId: 'harbour', now })
  expect(single.report).toBe(join(dir(), 'report-harbour.html'))
})

test('createReport() gives the same page for the same facts, and nothing at all in a dry run', async () => {
  const statePath = write(makeDocument({ items: 2 }))
  const { report } = await createReport({ statePath, dryRun: true, now })
  expect(existsSync(report)).toBe(false)
  const pages = [1, 2].map(() => createReport({ statePath, now }).then(() => readFileSync(report, 'utf8')))
  const [one, other] = await Promise.all(pages)
  expect(one).toBe(other)
})

test('createReport() sees what is only in the journal, and leaves all files of the state as they are', async () => {
  const statePath = write(makeDocument({ items: 2 }))
  const state = new PipelineState(statePath, { journal: true })
  await state.transaction((txn) => {
    txn.data.phase9 = { status: 'failed', files: { harbour: { status: 'failed', reason: 'only in the journal' } } }
  })
  const look = () =>
    readdirSync(dir(), { recursive: true, withFileTypes: true })
      // The store itself lets go of its lock a moment later.
      .filter((file) => file.isFile() && file.name !== 'report.html' && !file.name.endsWith('.lock'))
      .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'latin1')])
  const before = look()
  const { report } = await createReport({ statePath, now })
  expect(look()).toEqual(before)
  expect(readFileSync(report, 'utf8')).toContain('only in the journal')
  await state.close()
})

test('createReport() with the pipeline tells names, and phases that were never begun', async () => {
  const statePath = write(makeDocument({ items: 2 }))
  const phases = [
    { id: 'phase1', name: 'Read & clean', command: ['true'] },
    { id: 'phase2', command: ['true'] },
    { id: 'phase3', command: ['true'] },
    { id: 'phase4', name: 'Publish', command: ['true'] },
  ]
  const pipeline = checkPipeline({ name: 'Books', phases }, 'test', dir())
  const { facts, report } = await createReport({ statePath, pipeline, now })
  expect(facts.inputs[0]?.phases.map(({ name, status }) => [name, status])).toEqual([
    ['Read & clean', 'success'],
    ['phase2', 'success'],
    ['phase3', 'success'],
    ['Publish', 'pending'],
  ])
  expect(readFileSync(report, 'utf8')).toContain('Read &amp; clean <span class="soft">phase1</span>')
})

test.each([
  ['there is no document', undefined, undefined, 'ERR_PIPELINE_INPUT', /There is no '/],
  ['it knows no such input', '{"file_id":"a"}', 'b', 'ERR_PIPELINE_INPUT', /tells of no input 'b'/],
  ['it is damaged', '{"file_id":', undefined, 'ERR_STATE_READ', /pipeline\.json/],
])('createReport() writes nothing when %s', async (_, text, fileId, code, message) => {
  const statePath = join(dir(), 'pipeline.json')
  if (text !== undefined) writeFileSync(statePath, text)
  const work = createReport({ statePath, fileId, now })
  await expect(work).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  expect(readdirSync(dir()).filter((name) => name.includes('html') || name.includes('tmp'))).toEqual([])
})

test('createReport() makes a page of an empty document', async () => {
  const { facts, report } = await createReport({ statePath: write({}), now })
  expect(facts.inputs).toEqual([])
  expect(readFileSync(report, 'utf8')).toContain('The document tells of no input.')
})
