import type { PipelineDocument } from '@holdfast/txn-store/pipeline'
import { expect, test } from 'vitest'
import { type GatherOptions, gatherFacts } from '../../src/report/gather-facts.js'
import { makeDocument, START_S } from './documents.js'

const options: GatherOptions = {
  statePath: '/books/pipeline.json',
  reportFolder: '/books',
  history: [],
  pipeline: undefined,
  nowMs: START_S * 1000 + 3_600_000,
  isOwnerAlive: () => false,
}

test('gatherFacts() tells of each phase what was recorded of it', () => {
  const [input] = gatherFacts(makeDocument({ items: 3 }), options).inputs
  expect(input).toMatchObject({ fileId: 'harbour', path: 'harbour.txt', status: 'success', artifactCount: 4 })
  expect(input?.span).toEqual({ startMs: START_S * 1000, endMs: START_S * 1000 + 23_000 })
  expect(input?.artifactBytes).toBe(4234)
  expect(input?.failures).toEqual([])
  const [first, second] = input?.phases ?? []
  expect(first).toMatchObject({ id: 'phase1', status: 'success', attempts: 2, metrics: [['words', '812']] })
  expect(first?.log).toEqual({ path: '.pipeline/logs/phase1-2.log', href: './.pipeline/logs/phase1-2.log' })
  expect(second).toMatchObject({ items: { total: 3, counts: { success: 3 } }, retries: 0 })
})

test('gatherFacts() names the items that failed, with their last lines, and not the phase as well', () => {
  const [input] = gatherFacts(makeDocument({ items: 4, failedEach: 2 }), options).inputs
  expect(input?.failures).toMatchObject([
    { phase: 'phase2', item: 'chunk_00001', tail: 'no voice for chunk_00001', reasons: ['Ended with exit code 3'] },
    { phase: 'phase2', item: 'chunk_00003', log: { path: '.pipeline/logs/phase2/chunk_00003-1.log' } },
  ])
  expect(input?.phases.map(({ status }) => status)).toEqual(['success', 'partial', 'skipped'])
  expect(input?.phases[2]?.reasons).toEqual(['phase2, which it needs, is done only in part'])
})

test('gatherFacts() shows the slowest items in the order in which they began, and counts what it leaves out', () => {
  const limits = { slowestItems: 2, failures: 3, artifacts: 5 }
  const [input] = gatherFacts(makeDocument({ items: 70, failedEach: 7 }), { ...options, limits }).inputs
  expect(input?.phases[1]?.slowest.map(({ id }) => id)).toEqual(['chunk_00007', 'chunk_00014'])
  expect(input?.failures).toHaveLength(3)
  expect(input?.failuresLeftOut).toBe(7)
  expect(input?.artifacts).toHaveLength(6)
  expect(input?.artifactCount).toBe(61)
})

test('gatherFacts() tells what a process that is gone left running from what is at work', () => {
  const document: PipelineDocument = {
    file_id: 'x',
    phase1: { files: { x: { status: 'running', owner: { pid: 4, host: 'h' }, timestamps: { start: START_S } } } },
  }
  const [gone] = gatherFacts(document, options).inputs
  expect(gone?.phases[0]).toMatchObject({ status: 'interrupted' })
  expect(gone?.failures).toMatchObject([{ phase: 'phase1', status: 'interrupted' }])
  for (const isAlive of [true, 'unknown'] as const) {
    const [atWork] = gatherFacts(document, { ...options, isOwnerAlive: () => isAlive }).inputs
    expect(atWork?.phases[0]).toMatchObject({ status: 'running', span: { endMs: options.nowMs } })
    expect(atWork?.failures).toEqual([])
  }
})

test('gatherFacts() puts the inputs first that need attention', () => {
  const [good, bad] = [makeDocument({ items: 1 }, 'good'), makeDocument({ items: 2, failedEach: 2 }, 'bad')]
  const document = structuredClone(good)
  for (const phase of ['phase1', 'phase2', 'phase3'] as const) {
    Object.assign(document[phase]?.files ?? {}, bad[phase]?.files)
  }
  Object.assign(document, { inputs: { good: 'good.txt', bad: 'bad.txt', later: 'later.txt' } })
  const facts = gatherFacts(document, { ...options, limits: { inputs: 2 } })
  expect(facts.inputs.map(({ fileId, status }) => [fileId, status])).toEqual([
    ['bad', 'partial'],
    ['later', 'pending'],
  ])
  expect(facts.inputsLeftOut).toBe(1)
  expect(gatherFacts(document, { ...options, fileId: 'good' }).inputs.map(({ fileId }) => fileId)).toEqual(['good'])
})

test.each([
  ['in its own folder', '/books', 'a b/#1?.txt', './a%20b/%231%3F.txt'],
  ['from elsewhere', '/reports/new', 'x.txt', './../../books/x.txt'],
  ['absolute', '/books', '/other/x.txt', './../other/x.txt'],
  ['like a script', '/books', 'javascript:alert(1)', './javascript%3Aalert(1)'],
])('gatherFacts() links files relative to the page: %s', (_, reportFolder, path, href) => {
  const document: PipelineDocument = {
    file_id: 'x',
    phase1: { files: { x: { status: 'success', artifacts: { out: { path } } } } },
  }
  const [input] = gatherFacts(document, { ...options, reportFolder }).inputs
  expect(input?.artifacts[0]?.file).toEqual({ path, href })
})

test.each<[string, PipelineDocument]>([
  ['nothing', {}],
  ['clocks that mean nothing any more', { file_id: 'x', phase1: { status: 'complete', timestamps: { start: 812.5 } } }],
  ['wrong forms', JSON.parse('{"file_id":"x","phase1":{"files":{"x":{"chunks":7,"errors":{"a":1},"attempts":"2"}}}}')],
  ['files above phases', JSON.parse('{"x":{"phase1":{"status":"success"}},"phases":[]}')],
  ['__proto__ as an id', JSON.parse('{"file_id":"__proto__","phase1":{"files":{"__proto__":{"status":"failed"}}}}')],
])('gatherFacts() makes the best of documents with %s', (_, document) => {
  const { inputs } = gatherFacts(document, options)
  expect(inputs.every(({ phases }) => phases.every(({ span }) => span === undefined))).toBe(true)
  expect(inputs.map(({ phases }) => phases.length)).toEqual(Object.keys(document).length === 0 ? [] : [1])
})
