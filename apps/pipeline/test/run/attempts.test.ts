/** Outputs, retries, functions and slots. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { PhaseContext } from '../../src/index.js'
import { logged, sh, useSite } from '../support/site.js'

const { define, run, write, read, entry, takeLog, path } = useSite()

describe('outputs', () => {
  const outputs = { text: 'out/text.txt' }

  test.each<
    [
      what: string,
      command: string[],
      outputs: Record<string, string | { path: string; minBytes?: number }>,
      reason: string,
    ]
  >([
    ['is not written', ['true'], outputs, "The output 'text' was not written: '"],
    ['is empty', sh(': > "$1"', '${outputs.text}'), outputs, "The output 'text' has 0 bytes, and must have 1 at least"],
    [
      'is too small',
      sh('echo 1 > "$1"', '${outputs.text}'),
      { text: { path: 'out/text.txt', minBytes: 3 } },
      "The output 'text' has 2 bytes, and must have 3 at least",
    ],
    ['is a folder', ['mkdir', '${outputs.text}'], outputs, "The output 'text' cannot be read: '"],
    ['matches nothing', ['true'], { text: 'out/*.txt' }, "The output 'text' was not written: nothing new matches '"],
    [
      'is only partly there',
      sh('echo 1 > "$1"', '${outputs.text}'),
      { ...outputs, more: 'out/more.txt' },
      "The output 'more' was not written: '",
    ],
  ])('a phase whose output %s has failed although its exit code is 0', async (_, command, rules, reason) => {
    const { phases } = await run(define([{ id: 'phase1', command, outputs: rules }]))
    expect(phases[0]).toMatchObject({ status: 'failed', reason: expect.stringContaining(reason) })
    expect(entry('phase1')).toMatchObject({ status: 'failed', artifacts: {} })
  })

  test('an output of before that was left alone is none of this attempt, unless that is allowed', async () => {
    write('out/text.txt', 'old')
    const refused = await run(define([{ id: 'phase1', command: ['true'], outputs }]))
    expect(refused.phases[0]).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('it is that of before'),
      tail: expect.stringContaining('mayBeOld'),
    })
    expect(read('out/text.txt')).toBe('old')
    const allowed = await run(
      define([{ id: 'phase1', command: ['true'], outputs: { text: { path: 'out/text.txt', mayBeOld: true } } }]),
    )
    expect(allowed.status).toBe('success')
  })

  test('of a pattern, what was there before is not part of the result, and that is told', async () => {
    write('out/9.txt', 'old')
    const { warnings } = await run(
      define([
        {
          id: 'phase1',
          command: sh('echo 1 > out/1.txt; echo 2 > out/10.txt; mkdir out/3.txt'),
          outputs: { all: 'out/*.txt' },
        },
      ]),
    )
    const artifacts = entry('phase1')['artifacts'] as { all: { path: string }[] }
    expect(artifacts.all.map((file) => file.path)).toEqual(['out/1.txt', 'out/10.txt'])
    expect(warnings).toEqual(["left 1 files alone that match the output 'all': they are not part of the result"])
  })

  test('names with everything in them are names', async () => {
    const name = "a [b] {c} *? $d 'e' \\f →"
    write(`${name}.txt`, 'text')
    const phase = {
      id: 'phase1',
      command: sh('cp "$1" "$2"', '${input}', '${outputs.copy}'),
      outputs: { copy: 'out/${file_id}/*.txt' },
    }
    mkdirSync(path(`out/${name}`), { recursive: true })
    const { status } = await run(
      define([{ ...phase, command: sh('cp "$1" "out/$2/1.txt"', '${input}', '${file_id}') }]),
      { input: path(`${name}.txt`) },
    )
    expect(status).toBe('success')
    expect(entry('phase1', name)['artifacts']).toMatchObject({ copy: { path: `out/${name}/1.txt` } })
  })

  test('sums are those of the content', async () => {
    await run(define([{ id: 'phase1', command: sh('printf abc > "$1"', '${outputs.text}'), outputs }]))
    expect(entry('phase1')['artifacts']).toMatchObject({
      text: {
        path: 'out/text.txt',
        bytes: 3,
        sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      },
    })
  })
})

describe('retries', () => {
  const times = (codes: string, retries: object): Parameters<typeof define>[0][number] => ({
    id: 'phase1',
    command: sh('echo x >> tries; exit $(echo $1 | cut -d " " -f $(wc -l < tries))', codes),
    retries: { delay: '1ms', ...retries },
  })
  const countTries = (): number => read('tries').trim().split('\n').length

  test.each<[codes: string, retries: object, options: object, tries: number, status: string]>([
    ['1 1 0', { max: 2 }, {}, 3, 'success'],
    ['1 1 0', { max: 1 }, {}, 2, 'failed'],
    ['1 1 0', { max: 0 }, {}, 1, 'failed'],
    ['1 1 0', { max: 5 }, { maxRetries: 0 }, 1, 'failed'],
    ['1 1 0', { max: 0 }, { maxRetries: 2 }, 3, 'success'],
    ['75 75 0', { max: 9, exitCodes: [75] }, {}, 3, 'success'],
    ['75 2 0', { max: 9, exitCodes: [75] }, {}, 2, 'failed'],
  ])('exit codes %s with %j and %j: %i attempts', async (codes, retries, options, tries, status) => {
    const result = await run(define([times(codes, retries)]), options)
    expect([countTries(), result.phases[0]?.attempts, result.status]).toEqual([tries, tries, status])
    expect(entry('phase1')).toMatchObject({ attempts: tries, status })
  })

  test('wait longer each time, up to a limit, and say so', async () => {
    const { events } = await run(define([times('1 1 1 1 0', { max: 4, delay: '20ms', factor: 2, maxDelay: '60ms' })]))
    expect(events.flatMap((event) => (event.type === 'attempt-failed' ? [event.retryInMs] : []))).toEqual([
      20, 40, 60, 60,
    ])
  })

  test('each attempt has a log of its own and knows its number', async () => {
    await run(
      define([
        {
          id: 'phase1',
          command: sh('echo "this is $1"; test $1 = 2', '${attempt}'),
          retries: { max: 3, delay: '1ms' },
        },
      ]),
    )
    expect(read('.pipeline/logs/book/phase1-1.log')).toBe('this is 1\n')
    expect(read('.pipeline/logs/book/phase1-2.log')).toBe('this is 2\n')
    expect(entry('phase1')).toMatchObject({ status: 'success', errors: [], attempts: 2 })
  })

  test('a wait for the next attempt ends when the run is called off', async () => {
    const stop = new AbortController()
    const started = performance.now()
    const { status } = await run(define([times('1 0', { max: 1, delay: '1h' })]), {
      signal: stop.signal,
      onEvent: ({ type }) => type === 'attempt-failed' && stop.abort(),
    })
    expect(status).toBe('cancelled')
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('functions', () => {
  test('get what they need, and their progress and metrics are kept', async () => {
    let seen: Partial<PhaseContext> = {}
    const pipeline = define(
      [
        { id: 'phase1', command: sh('echo one > "$1"', '${outputs.text}'), outputs: { text: 'out/1.txt' } },
        {
          id: 'phase2',
          params: { level: 2 },
          outputs: { text: 'out/2.txt' },
          run: (context: PhaseContext) => {
            seen = { ...context, item: context.item }
            context.progress(0.5, 'half')
            context.metric('words', 7)
            expect(context.state.phase('phase1')).toMatchObject({ status: 'success' })
            expect(context.outputs('phase1', 'text')).toEqual([path('out/1.txt')])
            expect(() => context.outputs('phase1', 'other')).toThrow(RangeError)
            writeFileSync(context.targets['text'] ?? '', 'two')
          },
        },
      ],
      { params: { voice: 'anna' } },
    )
    const { status, events } = await run(pipeline)
    expect(status).toBe('success')
    expect(seen).toMatchObject({
      input: path('book.txt'),
      fileId: 'book',
      item: undefined,
      params: { voice: 'anna', level: 2 },
      attempt: 1,
      targets: { text: path('out/2.txt') },
    })
    expect(events).toContainEqual({ type: 'progress', phase: 'phase2', item: undefined, done: 0.5, message: 'half' })
    expect(entry('phase2')).toMatchObject({ metrics: { words: 7 }, artifacts: { text: { bytes: 3 } } })
    expect((await run(pipeline)).statuses).toEqual({ phase1: 'unchanged', phase2: 'unchanged' })
    expect((await run(pipeline, { params: { voice: 'bert' } })).statuses).toEqual({
      phase1: 'unchanged',
      phase2: 'success',
    })
  })

  test('that throw have failed with what they threw; that write nothing, too', async () => {
    const thrown = await run(define([{ id: 'phase1', run: () => Promise.reject(new RangeError('too loud')) }]))
    expect(thrown.phases[0]).toMatchObject({
      status: 'failed',
      reason: 'too loud',
      tail: expect.stringContaining('attempts.test.ts'),
    })
    expect(entry('phase1')).toMatchObject({ errors: [{ type: 'Exception', message: 'too loud' }] })
    const idle = await run(define([{ id: 'phase1', run: () => 'done', outputs: { text: 'out/1.txt' } }]))
    expect(idle.phases[0]?.reason).toContain('was not written')
  })

  test.each([
    ['listen to their signal', (signal: AbortSignal) => wait(60_000, undefined, { signal })],
    ['do not listen to it', () => new Promise(() => undefined)],
  ])('that %s end at their time-out', async (_, work) => {
    const { phases } = await run(
      define([{ id: 'phase1', timeout: '100ms', run: ({ signal }: PhaseContext) => work(signal) }]),
    )
    expect(phases[0]).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^Not done within (0\.1 s|100 ms)$/),
    })
    expect(entry('phase1')).toMatchObject({ errors: [{ type: 'Timeout' }] })
  })

  test('work on items', async () => {
    for (const name of ['a', 'b', 'c']) write(`in/${name}.txt`, name)
    const run1 = ({ item, targets }: PhaseContext): void => {
      if (item?.id === 'b') throw new Error('no b')
      writeFileSync(targets['copy'] ?? '', `${item?.index}`)
    }
    const { phases } = await run(
      define([{ id: 'phase1', items: 'in/*.txt', run: run1, outputs: { copy: 'out/${item.id}' } }]),
    )
    expect(phases[0]).toMatchObject({
      status: 'partial',
      items: { total: 3, done: 2, failed: 1 },
      reason: '1 of 3 items failed, the first: no b',
    })
    expect([read('out/a'), read('out/c'), existsSync(path('out/b'))]).toEqual(['1', '3', false])
  })
})

describe('slots', () => {
  /** Each child writes when it begins and ends; the most that were open at one time. */
  function mostAtOnce(prefix: string): number {
    let open = 0
    let most = 0
    for (const line of takeLogOf(prefix)) {
      open += line.startsWith('+') ? 1 : -1
      most = Math.max(most, open)
    }
    return most
  }
  let lines: string[] = []
  const takeLogOf = (prefix: string): string[] => lines.filter((line) => line.slice(1).startsWith(prefix))
  const busy = (name: string): string[] =>
    sh('echo "+$1" >> log; sleep 0.1; echo "-$1" >> log; echo x > "$2"', name, '${outputs.out}')

  test.each([1, 3])('never more than %i children run with as many jobs', async (jobs) => {
    for (let index = 0; index < 9; index += 1) write(`in/${index}.txt`, 'x')
    const pipeline = define([
      { id: 'phase1', items: 'in/*.txt', command: busy('a${item.id}'), outputs: { out: 'out/1-${item.id}' } },
      {
        id: 'phase2',
        needs: [],
        items: 'in/*.txt',
        command: busy('b${item.id}'),
        outputs: { out: 'out/2-${item.id}' },
      },
    ])
    expect((await run(pipeline, { jobs })).status).toBe('success')
    lines = takeLog()
    expect(lines).toHaveLength(36)
    expect(mostAtOnce('')).toBe(jobs)
  })

  test('a phase that needs a resource never has more of it than there is, and does not hold up others', async () => {
    for (let index = 0; index < 6; index += 1) write(`in/${index}.txt`, 'x')
    const pipeline = define(
      [
        {
          id: 'phase1',
          items: 'in/*.txt',
          slots: ['gpu'],
          command: busy('g${item.id}'),
          outputs: { out: 'out/1-${item.id}' },
        },
        {
          id: 'phase2',
          needs: [],
          items: 'in/*.txt',
          command: busy('c${item.id}'),
          outputs: { out: 'out/2-${item.id}' },
        },
        { id: 'phase3', needs: [], slots: { gpu: 2, job: 2 }, command: busy('both'), outputs: { out: 'out/3' } },
      ],
      { slots: { gpu: 2, job: 2 } },
    )
    expect((await run(pipeline, { jobs: 5 })).status).toBe('success')
    lines = takeLog()
    expect(mostAtOnce('g')).toBe(2)
    expect(mostAtOnce('c')).toBeGreaterThanOrEqual(3)
    expect(mostAtOnce('')).toBeLessThanOrEqual(5)
    const [begin, end] = [lines.indexOf('+both'), lines.indexOf('-both')]
    const during = lines.slice(begin, end).filter((line) => line.startsWith('+g'))
    expect(during).toEqual([])
  })

  test('phases that do not need each other run side by side', async () => {
    const meet = (own: string, other: string): string[] =>
      sh('touch "$1"; while ! test -e "$2"; do sleep 0.01; done', own, other)
    const { status } = await run(
      define([
        { id: 'phase1', command: meet('one', 'two'), timeout: '5s' },
        { id: 'phase2', needs: [], command: meet('two', 'one'), timeout: '5s' },
        { id: 'phase3', needs: ['phase1', 'phase2'], command: logged('three', 'true') },
      ]),
      { jobs: 2 },
    )
    expect(status).toBe('success')
    expect(takeLog()).toEqual(['three'])
  })
})
