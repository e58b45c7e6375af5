/** What is in the way of one phase fails that phase, with its reason; it does not end the run. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { PipelineDefinition } from '../../src/index.js'
import { sh, useSite } from '../support/site.js'

const { define, run, write, read, entry, path } = useSite()

type Phase = PipelineDefinition['phases'][number]

const copy: Phase = { id: 'phase1', command: ['cp', '${input}', '${outputs.o}'], outputs: { o: 'out' } }
const other: Phase = { ...copy, id: 'other', needs: [], outputs: { o: 'other' } }

test.each<[what: string, phase: Phase, prepare: () => void, reason: string]>([
  ['a folder where its output belongs', copy, () => mkdirSync(path('out')), 'is not a regular file'],
  [
    'a file where the folder of its output belongs',
    { ...copy, outputs: { o: 'file/out' } },
    () => write('file', ''),
    'ENOTDIR',
  ],
  ['a folder among its inputs', { ...copy, inputs: ['lexicon'] }, () => mkdirSync(path('lexicon')), "lexicon' is not"],
  ['a file as its working directory', { ...copy, cwd: 'file' }, () => write('file', ''), "file' is not a folder"],
  [
    'more arguments than the system takes',
    { ...copy, command: ['true', 'x'.repeat(200_000)] },
    () => undefined,
    'longer than the system allows',
  ],
])('%s', async (_, phase, prepare, reason) => {
  prepare()
  const { statuses, phases } = await run(define([phase, other]))
  expect(statuses).toEqual({ phase1: 'failed', other: 'success' })
  expect(phases[0]?.reason).toContain(reason)
  expect(entry('phase1')).toMatchObject({ status: 'failed', reason: expect.stringContaining(reason) })
})

test('a folder in the place of an output that was recorded: what it was is not done any more', async () => {
  const both = define([copy, other])
  await run(both)
  rmSync(path('out'))
  mkdirSync(path('out'))
  expect((await run(both, { phases: both.phases.slice(0, 1) })).statuses).toEqual({ phase1: 'failed' })
  rmSync(path('out'), { recursive: true })
  expect((await run(both)).statuses).toEqual({ phase1: 'success', other: 'unchanged' })
})

test('a command that fails has failed with its exit code, also when its log was removed meanwhile', async () => {
  await run(define([{ id: 'phase1', command: sh('rm -r .pipeline/logs; exit 7') }, other]))
  expect(entry('phase1')).toMatchObject({ status: 'failed', exit_code: 7 })
  expect(read('other')).toBe(read('book.txt'))
})

describe('of the files that a pattern matches, none is silently left out:', () => {
  test.each<[what: string, add: () => void, reason: string]>([
    ['a link that leads nowhere', () => symlinkSync('nowhere', path('parts/2.txt')), "2.txt' leads nowhere"],
    [
      'a name that is not UTF-8',
      () => writeFileSync(Buffer.concat([Buffer.from(path('parts/2')), Buffer.from([0xff]), Buffer.from('.txt')]), '2'),
      'is not UTF-8',
    ],
  ])('%s', async (_, add, reason) => {
    write('parts/1.txt', '1')
    add()
    const { phases } = await run(
      define([
        {
          id: 'phase1',
          items: 'parts/*.txt',
          command: ['cp', '${item.path}', '${outputs.o}'],
          outputs: { o: 'out/${item.id}' },
        },
      ]),
    )
    expect(phases[0]).toMatchObject({ status: 'failed', reason: expect.stringContaining(reason) })
  })
})

describe('functions', () => {
  test('a metric that no state can keep fails the function that tells it', async () => {
    const { phases } = await run(define([{ id: 'phase1', run: ({ metric }) => metric('loss', Number.NaN) }]))
    expect(phases[0]).toMatchObject({
      status: 'failed',
      reason: "The metric 'loss' must be a finite number or a text, not NaN",
    })
  })
})
