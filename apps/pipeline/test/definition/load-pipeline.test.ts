import { describe, expect, test } from 'vitest'
import { checkPipeline, loadPipeline, selectPhases } from '../../src/index.js'
import { useSite } from '../support/site.js'

const { write, path, run, read, define } = useSite()

async function mistakesIn(yaml: string): Promise<string[]> {
  write('p.yaml', yaml)
  const error: unknown = await loadPipeline(path('p.yaml')).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'ERR_PIPELINE_DEFINITION' })
  return (error as Error).message.replaceAll(path('p.yaml'), 'p.yaml').split('\n')
}

test('a whole definition has its defaults filled in', async () => {
  write(
    'p.yaml',
    `name: book
params: { voice: anna }
slots: { gpu: 2 }
phases:
  - id: phase1
    command: [cp, 1, "\${input}", "\${outputs.text}"]
    timeout: 90s
    quietTimeout: 1.5h
    retries: { max: 3, delay: 100ms, exitCodes: [75] }
    outputs: { text: { path: "a.txt", minBytes: 5 } }
    slots: [gpu]
    env: { pass: [TOKEN], set: { N: 3 } }
  - { id: phase2, name: Second, command: "echo hi", shell: true, retries: 2, optional: true }
`,
  )
  const { phases, folder, fileId } = await loadPipeline(path('p.yaml'))
  expect([folder, fileId]).toEqual([path('.'), '${input.stem}'])
  expect(phases[0]).toMatchObject({
    name: 'phase1',
    work: { argv: ['cp', '1', '${input}', '${outputs.text}'], cwd: '.', pass: ['TOKEN'], set: { N: '3' } },
    timeoutMs: 90_000,
    quietTimeoutMs: 5_400_000,
    retries: { max: 3, delayMs: 100, factor: 2, maxDelayMs: 60_000, exitCodes: [75] },
    outputs: { text: { path: 'a.txt', minBytes: 5, mayBeOld: false } },
    needs: [],
    slots: { gpu: 1 },
  })
  expect(phases[1]).toMatchObject({
    name: 'Second',
    needs: ['phase1'],
    optional: true,
    retries: { max: 2 },
    work: { shellLine: 'echo hi' },
  })
})

const HEAD = 'name: x\nphases:\n  - id: phase1\n    command: [echo]\n'

test.each<[what: string, yaml: string, told: string]>([
  [
    'an unknown key',
    `${HEAD}    tiemout: 3s\n`,
    "line 5: phases[0].tiemout: there is no such key; did you mean 'timeout'?",
  ],
  ['an unknown key at the top', `${HEAD}param: {}\n`, "line 5: param: there is no such key; did you mean 'params'?"],
  ['a missing command', 'name: x\nphases:\n  - id: phase1\n', 'line 3: phases[0].command: '],
  ['no phases', 'name: x\nphases: []\n', 'line 2: phases: must name a phase'],
  ['a missing name', 'phases:\n  - { id: a, command: [b] }\n', 'line 1: name: '],
  [
    'a bad id',
    'name: x\nphases:\n  - id: 1phase\n    command: [echo]\n',
    'line 3: phases[0].id: must begin with a letter',
  ],
  [
    'an id twice',
    `${HEAD}  - id: phase1\n    command: [echo]\n`,
    "line 5: phases[1].id: 'phase1' is the id of another phase",
  ],
  [
    'a reserved id',
    'name: x\nphases:\n  - id: batch_runs\n    command: [echo]\n',
    "line 3: phases[0].id: 'batch_runs' has a meaning of its own in pipeline.json",
  ],
  ['an unknown need', `${HEAD}    needs: [phase2, phas1]\n`, "line 5: phases[0].needs[0]: there is no phase 'phase2'"],
  [
    'a circle',
    `${HEAD}    needs: [b]\n  - id: b\n    needs: [phase1]\n    command: [echo]\n`,
    'line 5: phases[0].needs: these phases need each other: phase1, b',
  ],
  [
    'a phase that needs itself',
    `${HEAD}    needs: [phase1]\n`,
    'line 5: phases[0].needs: these phases need each other: phase1',
  ],
  [
    'a bad duration',
    `${HEAD}    timeout: 3 weeks\n`,
    "line 5: phases[0].timeout: must be a time such as '90s', '30m' or '2h', not '3 weeks'",
  ],
  [
    'a duration of nothing',
    `${HEAD}    timeout: 0s\n`,
    "line 5: phases[0].timeout: must be a time such as '90s', '30m' or '2h', not '0s'",
  ],
  [
    'a duration no timer can wait for',
    `${HEAD}    timeout: 30d\n`,
    "line 5: phases[0].timeout: must be 24 days at most, not '30d'",
  ],
  [
    'an unknown variable',
    `${HEAD}    params: { voice: anna }\n    env: { set: { V: "\${params.voise}" } }\n`,
    "line 6: phases[0].env.set.V: there is no variable ${params.voise} here; did you mean 'params.voice'?",
  ],
  [
    'an item where there are none',
    `${HEAD}    outputs: { a: "\${item.id}" }\n`,
    'line 5: phases[0].outputs.a: there is no variable ${item.id} here',
  ],
  [
    'outputs of a phase that is not needed',
    `${HEAD}    outputs: { a: a }\n  - { id: b, needs: [], command: [cat, "\${phases.phase1.outputs.a}"] }\n`,
    'line 6: phases[1].command[1]: there is no variable ${phases.phase1.outputs.a} here; a phase knows the outputs of those it needs',
  ],
  [
    'an output of another phase',
    `${HEAD}    outputs: { a: a.txt }\n  - { id: b, command: [b], outputs: { c: a.txt } }\n`,
    "line 6: phases[1].outputs.c: 'a.txt' is an output of 'phase1', too",
  ],
  [
    'two outputs in one path',
    `${HEAD}    outputs: { a: a.txt, b: a.txt }\n`,
    "line 5: phases[0].outputs.b: 'a.txt' is an output of 'phase1', too",
  ],
  [
    'one output of all items',
    `${HEAD}    items: "*.txt"\n    outputs: { a: a.wav }\n`,
    'line 6: phases[0].outputs.a: must be another path for each item: use ${item.id}',
  ],
  [
    'more slots than there are',
    `${HEAD}    slots: { gpu: 2 }\nslots: { gpu: 1 }\n`,
    "line 5: phases[0].slots.gpu: needs 2 of 'gpu', and the pipeline has 1",
  ],
  [
    'a line for a shell without asking',
    'name: x\nphases:\n  - id: a\n    command: rm -r *\n',
    "line 4: phases[0].command: must be a list of a program and its arguments; a line for a shell needs 'shell: true' beside it",
  ],
  [
    'an exit code that cannot be',
    `${HEAD}    retries: { exitCodes: [0] }\n`,
    'line 5: phases[0].retries.exitCodes[0]: ',
  ],
])('%s is told with its line', async (_, yaml, told) => {
  const [, ...mistakes] = await mistakesIn(yaml)
  expect(mistakes.map((mistake) => mistake.trim())).toContainEqual(expect.stringContaining(told))
})

test('all mistakes are told at once, in the order of the file', async () => {
  expect(
    await mistakesIn(
      'name: x\nphases:\n  - id: a\n    command: [b]\n    timout: 1s\n  - id: b\n    command: []\n    retries: -1\n',
    ),
  ).toEqual([
    "The pipeline 'p.yaml' has 3 mistakes:",
    expect.stringMatching(/^ {2}line 5: phases\[0\]\.timout: /),
    expect.stringMatching(/^ {2}line 7: phases\[1\]\.command: /),
    expect.stringMatching(/^ {2}line 8: phases\[1\]\.retries: /),
  ])
})

test.each([
  ['YAML that is broken', 'name: x\nphases: [\n', /line 3, column 1: /],
  ['a duplicate key', 'name: x\nname: y\nphases: []\n', /line 2, column 1: Map keys must be unique/],
  ['an alias without an anchor', 'name: *x\n', /line 1|[Aa]lias/],
  ['nothing at all', '', /line 1: the pipeline: /],
])('%s is told with its place', async (_, yaml, told) => {
  expect((await mistakesIn(yaml)).join('\n')).toMatch(told)
})

test('a file that is not there, or not text, is told', async () => {
  await expect(loadPipeline(path('none.yaml'))).rejects.toMatchObject({
    code: 'ERR_PIPELINE_DEFINITION',
    message: expect.stringContaining('there is no such file'),
  })
})

describe('modules', () => {
  const API = new URL('../../dist/index.js', import.meta.url).href

  test('a TypeScript module with definePipeline and definePhase is run', async () => {
    write(
      'p.ts',
      `import { writeFile } from 'node:fs/promises'
import { definePhase, definePipeline } from '${API}'
const shout: string = 'loud'
const first = definePhase({
  id: 'phase1',
  outputs: { text: 'out/\${file_id}.txt' },
  run: async ({ targets, params }) => { await writeFile(targets['text'] ?? '', shout + String(params['n'])) },
})
export default definePipeline({ name: 'typed', params: { n: 1 }, phases: [first, { id: 'phase2', command: ['cp', '\${phases.phase1.outputs.text}', '\${outputs.copy}'], outputs: { copy: 'out/copy.txt' } }] })
`,
    )
    const { status } = await run(await loadPipeline(path('p.ts')))
    expect(status).toBe('success')
    expect(read('out/copy.txt')).toBe('loud1')
  })

  test.each([
    ['without a default export', 'export const x = 1', 'has no default export'],
    ['that throws', "throw new Error('broken')", ': broken'],
    ['with mistakes', "export default { name: 'x', phases: [{ id: 'a', run: 1 }] }", 'phases[0]'],
  ])('a module %s is told', async (_, text, told) => {
    write('p.mjs', text)
    await expect(loadPipeline(path('p.mjs'))).rejects.toMatchObject({
      code: 'ERR_PIPELINE_DEFINITION',
      message: expect.stringContaining(told),
    })
  })

  test('checkPipeline() tells places without lines', () => {
    expect(() => checkPipeline({ name: 'x', phases: [{ id: 'a', command: ['b'], nedds: [] }] }, 'here', '/')).toThrow(
      "The pipeline 'here' has one mistake:\n  phases[0].nedds: there is no such key; did you mean 'needs'?",
    )
  })
})

describe('selectPhases()', () => {
  const pipeline = (): ReturnType<typeof define> =>
    define(['phase1', 'phase2', 'phase3', 'phase5_5', 'extra'].map((id) => ({ id, command: ['true'] })))
  const idsOf = (selection: Parameters<typeof selectPhases>[1]): string[] =>
    selectPhases(pipeline(), selection).map(({ id }) => id)

  test.each([
    [{}, ['phase1', 'phase2', 'phase3', 'phase5_5', 'extra']],
    [{ phases: '3,1' }, ['phase1', 'phase3']],
    [{ phases: '2-5.5' }, ['phase2', 'phase3', 'phase5_5']],
    [{ phases: 'extra, phase1' }, ['phase1', 'extra']],
    [{ from: '3' }, ['phase3', 'phase5_5', 'extra']],
    [{ phases: '1-3', from: '2' }, ['phase2', 'phase3']],
  ])('%j are %j', (selection, ids) => expect(idsOf(selection)).toEqual(ids))

  test.each([{ phases: '4' }, { phases: '3-1' }, { from: 'phase9' }, { phases: '1', from: '2' }, { phases: '' }])(
    '%j cannot be',
    (selection) => {
      expect(() => idsOf(selection)).toThrow(expect.objectContaining({ code: 'ERR_PIPELINE_SELECTION' }))
    },
  )
})
