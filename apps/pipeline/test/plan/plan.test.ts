/** What is done again when something changes, and why; what is left alone. */
import { mkdirSync, renameSync, rmSync, unlinkSync, utimesSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Pipeline, selectPhases } from '../../src/index.js'
import { bookPhases, lines, logged, type SiteRun, sh, useSite } from '../support/site.js'

const { define, run, write, read, entry, chunks, takeLog, path } = useSite()

const chain = (middle: object = {}): Pipeline =>
  define(
    [
      {
        id: 'phase1',
        command: logged('phase1', 'cp "$1" "$2"', '${input}', '${outputs.text}'),
        outputs: { text: 'out/1.txt' },
      },
      {
        id: 'phase2',
        command: logged('phase2', 'sort "$1" > "$2"', '${phases.phase1.outputs.text}', '${outputs.text}'),
        inputs: ['config.txt'],
        outputs: { text: 'out/2.txt' },
        ...middle,
      },
      {
        id: 'phase3',
        command: logged('phase3', 'cp "$1" "$2"', '${phases.phase2.outputs.text}', '${outputs.text}'),
        outputs: { text: 'out/3.txt' },
      },
    ],
    { params: { voice: 'anna' } },
  )

function reasonsOf({ events }: SiteRun, phase: string): readonly string[] | undefined {
  return events.flatMap((event) => (event.type === 'phase-begin' && event.phase === phase ? [event.reasons] : []))[0]
}

async function settle(pipeline = chain()): Promise<void> {
  write('book.txt', 'b\na\n')
  write('config.txt', 'config')
  expect((await run(pipeline)).status).toBe('success')
  takeLog()
}

describe('a phase', () => {
  const nothing = (): void => undefined

  test.each<[what: string, change: () => void, middle: object, done: string[], phase: string, reason: string]>([
    [
      'the input',
      () => write('book.txt', 'c\nb\n'),
      {},
      ['phase1', 'phase2', 'phase3'],
      'phase1',
      "input 'book.txt' changed",
    ],
    ['an input of its own', () => write('config.txt', 'other'), {}, ['phase2'], 'phase2', "input 'config.txt' changed"],
    [
      'what it reads from before',
      () => write('out/1.txt', 'z\n'),
      {},
      ['phase1'],
      'phase1',
      "output 'out/1.txt' is not what was recorded",
    ],
    [
      'its command',
      nothing,
      { command: logged('phase2', 'sort -r "$1" > "$2"', '${phases.phase1.outputs.text}', '${outputs.text}') },
      ['phase2', 'phase3'],
      'phase2',
      'the command changed',
    ],
    ['its environment', nothing, { env: { set: { LEVEL: '2' } } }, ['phase2'], 'phase2', 'the command changed'],
    ['its parameters', nothing, { params: { level: 3 } }, ['phase2'], 'phase2', 'level changed from nothing to 3'],
    ['where it writes to', nothing, { outputs: { text: 'out/two.txt' } }, ['phase2'], 'phase2', 'the command changed'],
    [
      'its output, which is gone',
      () => unlinkSync(path('out/2.txt')),
      {},
      ['phase2'],
      'phase2',
      "output 'out/2.txt' is missing",
    ],
  ])(
    'runs again when %s changed; what depends on it only if the result is another',
    async (_, change, middle, done, phase, reason) => {
      await settle()
      change()
      const again = await run(chain(middle))
      expect(again.status).toBe('success')
      expect(takeLog()).toEqual(done)
      expect(reasonsOf(again, phase)).toContain(reason)
      expect((await run(chain(middle))).statuses).toEqual({
        phase1: 'unchanged',
        phase2: 'unchanged',
        phase3: 'unchanged',
      })
    },
  )

  test.each<[what: string, change: () => void, middle: object, params: Record<string, string>]>([
    ['nothing', nothing, {}, {}],
    ['a name', nothing, { name: 'Other' }, {}],
    ['a time-out or the number of retries', nothing, { timeout: '1h', quietTimeout: '5m', retries: 7 }, {}],
    ['a parameter that it does not use', nothing, {}, { voice: 'bert' }],
    ['only the time of the input', () => utimesSync(path('book.txt'), 1, 1), {}, {}],
    ['nothing in an input that was written again', () => write('config.txt', 'config'), {}, {}],
  ])('is left alone when %s changed', async (_, change, middle, params) => {
    await settle()
    change()
    expect((await run(chain(middle), { params })).statuses).toEqual({
      phase1: 'unchanged',
      phase2: 'unchanged',
      phase3: 'unchanged',
    })
    expect(takeLog()).toEqual([])
  })

  test('is left alone when the input was moved, and knows it by its new place', async () => {
    const pipeline = define([
      {
        id: 'phase1',
        command: logged('phase1', 'cp "$1" "$2"', '${input}', '${outputs.text}'),
        outputs: { text: 'out/1.txt' },
      },
    ])
    await settle(pipeline)
    mkdirSync(path('shelf'))
    renameSync(path('book.txt'), path('shelf/book.txt'))
    expect((await run(pipeline, { input: path('shelf/book.txt') })).statuses).toEqual({ phase1: 'unchanged' })
    write('shelf/book.txt', 'other')
    expect((await run(pipeline, { input: path('shelf/book.txt') })).statuses).toEqual({ phase1: 'success' })
  })

  test('runs again when the input was renamed and its name is part of the work', async () => {
    const pipeline = define([
      {
        id: 'phase1',
        command: logged('phase1', 'echo "$1" > "$2"', '${input.name}', '${outputs.text}'),
        outputs: { text: 'out/1.txt' },
      },
    ])
    await settle(pipeline)
    renameSync(path('book.txt'), path('renamed.txt'))
    const again = await run(pipeline, { input: path('renamed.txt'), fileId: 'book' })
    expect(reasonsOf(again, 'phase1')).toEqual(['input.name changed from "book.txt" to "renamed.txt"'])
    expect(read('out/1.txt')).toBe('renamed.txt\n')
  })

  test('that failed is tried again, and so is what was skipped because of it', async () => {
    const pipeline = chain({ check: ['test', '-e', 'mended'] })
    write('config.txt', '')
    expect((await run(pipeline)).statuses).toEqual({ phase1: 'success', phase2: 'failed', phase3: 'skipped' })
    expect(entry('phase3')).toMatchObject({ status: 'skipped', reason: 'it needs phase2, which failed' })
    write('mended', '')
    const again = await run(pipeline)
    expect(again.statuses).toEqual({ phase1: 'unchanged', phase2: 'success', phase3: 'success' })
    expect(reasonsOf(again, 'phase2')).toEqual([expect.stringMatching(/^it failed: The check did not succeed/)])
    expect(reasonsOf(again, 'phase3')).toEqual(['it was skipped: it needs phase2, which failed'])
  })

  test('whose result was made before is not done, in the state, while what it needs runs again', async () => {
    await settle()
    const seen: unknown[] = []
    write('book.txt', 'new\n')
    await run(chain(), {
      onEvent: (event) =>
        event.type === 'phase-end' &&
        event.phase === 'phase1' &&
        seen.push(entry('phase3')['status'], entry('phase3')['reason']),
    })
    expect(seen).toEqual(['pending', 'phase1, which it needs, runs again'])
  })

  test('with an input that is missing fails with its pattern', async () => {
    const { phases } = await run(
      define([{ id: 'phase1', command: ['true'], inputs: ['none/*.txt'], retries: { max: 3, delay: '10s' } }]),
    )
    expect(phases[0]).toMatchObject({ status: 'failed', reason: "No file matches the input 'none/*.txt'" })
    expect(entry('phase1')).toMatchObject({ status: 'failed', errors: [{ type: 'MissingInput' }] })
  })
})

describe('phases that are not asked for', () => {
  test('must have left what the others need', async () => {
    write('config.txt', '')
    const only = { phases: selectPhases(chain(), { from: '2' }) }
    expect((await run(chain(), only)).statuses).toEqual({ phase2: 'skipped', phase3: 'skipped' })
    expect(entry('phase2')['reason']).toBe('it needs phase1, which is not done; run that, too')
    await settle()
    expect((await run(chain(), { ...only, resume: false })).statuses).toEqual({ phase2: 'success', phase3: 'success' })
    expect(takeLog()).toEqual(['phase2', 'phase3'])
    write('out/1.txt', 'broken')
    expect((await run(chain(), only)).statuses).toEqual({ phase2: 'skipped', phase3: 'skipped' })
    expect(entry('phase2')['reason']).toBe(
      "it needs phase1, whose output 'out/1.txt' is not what was recorded; run that, too",
    )
    expect(takeLog()).toEqual([])
  })
})

describe('an optional phase', () => {
  test('that fails fails neither the run nor what comes after it', async () => {
    const pipeline = define([
      { id: 'phase1', command: ['false'], optional: true },
      { id: 'phase2', command: logged('phase2', 'true') },
    ])
    const { status, statuses } = await run(pipeline)
    expect([status, statuses]).toEqual(['success', { phase1: 'failed', phase2: 'success' }])
  })

  test('whose program is missing does not keep the run from beginning', async () => {
    const { status, statuses } = await run(define([{ id: 'phase1', command: ['no-such-program'], optional: true }]))
    expect([status, statuses]).toEqual(['success', { phase1: 'failed' }])
  })
})

describe('items', () => {
  test('one changed item runs again, and what is made of all', async () => {
    const pipeline = define(bookPhases())
    write('book.txt', lines(6))
    await run(pipeline)
    takeLog()
    write(
      'book.txt',
      lines(6, (index) => (index === 4 ? 'other' : `text ${index}`)),
    )
    const again = await run(pipeline)
    expect(takeLog()).toEqual(['split', 'chunk_4', 'join'])
    expect(reasonsOf(again, 'phase4')).toEqual(["chunk_4: input 'work/chunk_4.txt' changed"])
    expect(again.phases[1]?.items).toEqual({ total: 6, done: 1, failed: 0, unchanged: 5 })
    expect(read('work/book.mp3')).toContain('OTHER')
  })

  test('new items run, and items that are gone leave the state although nothing runs', async () => {
    const pipeline = define([
      {
        id: 'phase1',
        items: 'in/*.txt',
        command: logged('${item.id}', 'cp "$1" "$2"', '${item.path}', '${outputs.copy}'),
        outputs: { copy: 'out/${item.id}' },
      },
    ])
    for (const name of ['a', 'b', 'c']) write(`in/${name}.txt`, name)
    await run(pipeline)
    write('in/ab.txt', 'ab')
    takeLog()
    await run(pipeline)
    expect(takeLog()).toEqual(['ab'])
    expect(chunks('phase1').map(({ chunk_id }) => chunk_id)).toEqual(['a', 'ab', 'b', 'c'])
    rmSync(path('in/b.txt'))
    expect((await run(pipeline)).statuses).toEqual({ phase1: 'unchanged' })
    expect(chunks('phase1').map(({ chunk_id, status }) => [chunk_id, status])).toEqual([
      ['a', 'success'],
      ['ab', 'success'],
      ['c', 'success'],
    ])
    expect(takeLog()).toEqual([])
  })

  test('an item whose output was deleted or changed is done again, and only it', async () => {
    const pipeline = define(bookPhases())
    write('book.txt', lines(4))
    await run(pipeline)
    takeLog()
    unlinkSync(path('work/chunk_2.wav'))
    write('work/chunk_3.wav', 'tampered')
    await run(pipeline)
    expect(takeLog()).toEqual(['chunk_2', 'chunk_3'])
    expect(read('work/chunk_3.wav')).toBe('TEXT 3\n')
  })

  test('what all items share counts for all', async () => {
    const pipeline = define([
      {
        id: 'phase1',
        items: 'in/*.txt',
        inputs: ['voice.bin', '${item.path}.meta'],
        command: logged('${item.id}', 'cp "$1" "$2"', '${item.path}', '${outputs.copy}'),
        outputs: { copy: 'out/${item.id}' },
      },
    ])
    for (const name of ['a', 'b']) {
      write(`in/${name}.txt`, name)
      write(`in/${name}.txt.meta`, name)
    }
    write('voice.bin', '1')
    await run(pipeline)
    takeLog()
    write('in/b.txt.meta', 'changed')
    await run(pipeline)
    expect(takeLog()).toEqual(['b'])
    write('voice.bin', '2')
    await run(pipeline)
    expect(takeLog()).toEqual(['a', 'b'])
  })

  test('no items, and two with one id, are failures with the reason', async () => {
    const pipeline = define([
      { id: 'phase1', items: '*/*.txt', command: ['true'], outputs: { copy: 'out/${item.id}.wav' } },
    ])
    expect((await run(pipeline)).phases[0]?.reason).toBe("There are no items: nothing matches '*/*.txt'")
    write('a/x.txt', '')
    write('b/x.txt', '')
    expect((await run(pipeline)).phases[0]).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining("Two items have the id 'x'"),
    })
  })

  test('items that all fail are a failure, not a part', async () => {
    write('book.txt', lines(3))
    const { statuses, status } = await run(
      define(bookPhases({ synthesise: sh('echo "$0" >&2; exit 4', '${item.path}') })),
    )
    expect([status, statuses]).toEqual(['partial', { phase3: 'success', phase4: 'failed', phase5: 'skipped' }])
    expect(chunks('phase4')).toEqual(
      [1, 2, 3].map((index) => expect.objectContaining({ chunk_id: `chunk_${index}`, status: 'failed', exit_code: 4 })),
    )
  })
})
