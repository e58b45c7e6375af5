/** What a run does to pipeline.json, also when there is no room for it. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillDisk, mountTinyFileSystem } from '@holdfast/testkit'
import { PipelineState, pipelineSchema } from '@holdfast/txn-store/pipeline'
import { describe, expect, test } from 'vitest'
import { checkPipeline, runPipeline } from '../../src/index.js'
import { findMarked } from '../../src/process/process-table.js'
import { bookPhases, lines, logged, sh, type Table, useSite } from '../support/site.js'

const { define, run, write, read, state, entry, takeLog, path } = useSite()

const copy = {
  id: 'phase1',
  command: logged('copy', 'cp "$1" "$2"', '${input}', '${outputs.text}'),
  outputs: { text: 'out/${file_id}.txt' },
}

test('the document has the form 4.0.0 at every step', async () => {
  write('book.txt', lines(3))
  const looks: Promise<unknown>[] = []
  const look = (): void => {
    const store = new PipelineState(path('pipeline.json'))
    looks.push(store.read({ validate: true }).finally(() => store.close()))
  }
  const synthesise = sh('test "$3" != chunk_2; cp "$1" "$2"', '${item.path}', '${outputs.audio}', '${item.id}')
  await run(define(bookPhases({ synthesise })), {
    onEvent: look,
  })
  await Promise.all(looks)
  expect(looks.length).toBeGreaterThan(10)
  expect(pipelineSchema.safeParse(state()).success).toBe(true)
  expect(state()).toMatchObject({
    pipeline_version: '4.0.0',
    file_id: 'book',
    input_file: 'book.txt',
    inputs: { book: 'book.txt' },
    phases: { phase3: 'success', phase4: 'partial', phase5: 'skipped' },
    phase4: { status: 'partial', files: { book: { metrics: { items: 3, items_done: 2, items_failed: 1 } } } },
  })
})

test('what other programs have written there survives', async () => {
  const theirs = {
    pipeline_version: '3.0.0',
    tts_voice: 'anna',
    own: { deep: [1, { two: null }] },
    phase1: {
      status: 'success',
      hashes: ['9b1d'],
      extra: 1,
      files: {
        other: { status: 'success', chunks: [{ chunk_id: 'c', status: 'complete', embedding: [1, 2] }] },
        book: { status: 'failed', note: 'kept', metrics: { old: 1 } },
      },
    },
    phase7: { status: 'success', anything: {} },
    batch_runs: [{ run_id: 'r', status: 'partial' }],
    old_book: { phase1: { status: 'success' } },
  }
  write('pipeline.json', JSON.stringify(theirs))
  await run(define([copy]))
  const now = state()
  expect(now).toMatchObject({
    ...theirs,
    phase1: {
      hashes: ['9b1d'],
      extra: 1,
      files: { other: theirs.phase1.files.other, book: { status: 'success', note: 'kept', metrics: { old: 1 } } },
    },
  })
  expect(Object.keys(now).slice(0, 3)).toEqual(['pipeline_version', 'tts_voice', 'own'])
})

test.each([
  ['half a file', '{"phases": {', 'ERR_STATE_READ'],
  ['an empty file', '', 'ERR_STATE_READ'],
  ['no object', '[]', 'ERR_STATE_READ'],
  ['a wrong form', '{"phase1":{"files":[]}}', 'ERR_STATE_VALIDATION'],
  ['a newer form', '{"pipeline_version":"5.0.0"}', 'ERR_STATE_VALIDATION'],
])('%s as the state stops the run: nothing runs and nothing is written', async (_, text, code) => {
  write('pipeline.json', text)
  await expect(run(define([copy]))).rejects.toMatchObject({ code })
  await expect(run(define([copy]), { resume: false })).rejects.toMatchObject({ code })
  expect(takeLog()).toEqual([])
  expect(read('pipeline.json')).toBe(text)
})

test('two inputs in one state do not touch each other, also at the same time', async () => {
  const pipeline = define([copy, { id: 'phase2', command: ['test', '${file_id}', '=', 'one'] }])
  for (const name of ['one', 'two']) write(`${name}.txt`, name)
  const [one, two] = await Promise.all(['one', 'two'].map((name) => run(pipeline, { input: path(`${name}.txt`) })))
  expect([one?.status, two?.status]).toEqual(['success', 'partial'])
  expect(entry('phase2', 'one')).toMatchObject({ status: 'success' })
  expect(entry('phase2', 'two')).toMatchObject({ status: 'failed' })
  expect(state()).toMatchObject({ inputs: { one: 'one.txt', two: 'two.txt' }, phase2: { status: 'partial' } })
  const again = await Promise.all(['one', 'two'].map((name) => run(pipeline, { input: path(`${name}.txt`) })))
  expect(again.map(({ statuses }) => statuses)).toEqual([
    { phase1: 'unchanged', phase2: 'unchanged' },
    { phase1: 'unchanged', phase2: 'failed' },
  ])
})

test('every transition is in the history with its name', async () => {
  await run(define([copy, { id: 'phase2', command: ['false'] }, { id: 'phase3', command: ['true'] }]))
  await run(define([copy]))
  await using store = new PipelineState(path('pipeline.json'))
  const operations = (await store.getTransactionHistory())
    .map(({ operation }) => operation.replace(/_commit$/, ''))
    .reverse()
  expect(operations).toEqual([
    'run',
    'phase1_begin',
    'phase1_success',
    'phase2_begin',
    'phase2_failed',
    'phase3_skipped',
  ])
})

test('while a phase runs the state says who runs it; afterwards nobody does', async () => {
  let seen: Table = {}
  await run(
    define([{ ...copy, command: sh('echo "{\\"progress\\":0}" >&3; cp "$1" "$2"', '${input}', '${outputs.text}') }]),
    {
      onEvent: ({ type }) => {
        if (type === 'progress') seen = entry('phase1')
      },
    },
  )
  expect(seen).toMatchObject({
    status: 'running',
    attempts: 1,
    owner: { pid: process.pid, host: expect.any(String), started: expect.any(String) },
  })
  expect(entry('phase1')).not.toHaveProperty('owner')
  expect(entry('phase1')).not.toHaveProperty('marker')
})

describe('on a full disk', () => {
  test.each(['commands', 'items'])(
    'a run of %s ends with a typed error, its children are ended, nothing is done that was not recorded',
    async (kind) => {
      const disk = mountTinyFileSystem(256 * 1024)
      if (disk === undefined) return
      const work = path('work')
      write('work/go', '')
      write('work/book.txt', lines(6))
      const marker = `TEST_FOLDER=${path('.')}`
      const env = { set: { TEST_FOLDER: path('.') } }
      const long = sh('echo "{\\"progress\\":0}" >&3; sleep 60')
      const quick = logged('${file_id}', 'echo 1 > "$1"; while ! test -e full; do sleep 0.01; done', '${outputs.out}')
      const phases =
        kind === 'commands'
          ? [
              { id: 'phase1', env, command: long },
              { id: 'phase2', env, needs: [], command: quick, outputs: { out: 'out/2' } },
            ]
          : [
              {
                id: 'phase1',
                env,
                items: 'in/*',
                command: sh(
                  'echo "{\\"progress\\":0}" >&3; if test "$2" = 1; then echo 1 > "$1"; while ! test -e full; do sleep 0.01; done; else sleep 60; fi',
                  '${outputs.out}',
                  '${item.id}',
                ),
                outputs: { out: 'out/${item.id}' },
              },
            ]
      for (const id of [1, 2, 3]) write(`work/in/${id}`, 'x')
      const pipeline = checkPipeline({ name: 'test', phases }, 'test', work)
      let fill: string | undefined
      let begun = 0
      const running = runPipeline(pipeline, {
        input: join(work, 'book.txt'),
        statePath: join(disk, 'pipeline.json'),
        jobs: 3,
        graceMs: 300,
        onEvent: ({ type }) => {
          if (type === 'attempt-begin') begun += 1
          if (type !== 'progress' || begun < 2) return
          fill ??= fillDisk(disk)
          writeFileSync(join(work, 'full'), '')
        },
      })
      await expect(running).rejects.toMatchObject({ code: 'ERR_STATE_WRITE', cause: { code: 'ENOSPC' } })
      expect(await findMarked(marker)).toEqual([])
      rmSync(fill ?? '')
      await using store = new PipelineState(join(disk, 'pipeline.json'))
      const { phases: found } = await store.summary()
      expect(found.map(({ status }) => status)).not.toContain('success')
      expect(JSON.stringify(await store.read())).not.toContain('"success"')
    },
  )

  test('whenever the room runs out, the run ends with a typed error and what is recorded as done is done', async (context) => {
    const disk = mountTinyFileSystem(1024 * 1024)
    if (disk === undefined) return context.skip('mounting needs root')
    const outcomes = new Set<string>()
    for (let leave = 0; leave <= 96 * 1024; leave += 4096) {
      write(
        'book.txt',
        lines(3, (index) => `text ${index} of ${leave}`),
      )
      rmSync(path('log'), { force: true })
      const fill = fillDisk(disk, leave)
      const pipeline = checkPipeline({ name: 'test', phases: bookPhases() }, 'test', path('.'))
      const outcome = await runPipeline(pipeline, {
        input: path('book.txt'),
        statePath: join(disk, `${leave}.json`),
        jobs: 2,
      }).then(
        ({ status }) => status,
        (error: unknown) => String((error as { code?: unknown }).code ?? error),
      )
      outcomes.add(outcome)
      rmSync(fill)
      await using store = new PipelineState(join(disk, `${leave}.json`))
      const document = await store.read()
      const done = new Set(takeLog())
      for (const [phase, name] of [
        ['phase3', 'split'],
        ['phase5', 'join'],
      ] as const) {
        const files = (document[phase] as { files?: Record<string, Table> } | undefined)?.files
        if (files?.['book']?.['status'] === 'success') expect([...done], `${leave}: ${phase}`).toContain(name)
      }
      const chunks = ((document['phase4'] as { files?: Record<string, Table> } | undefined)?.files?.['book']?.[
        'chunks'
      ] ?? []) as Table[]
      for (const chunk of chunks)
        if (chunk['status'] === 'success') expect([...done], `${leave}`).toContain(chunk['chunk_id'])
      for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true })
    }
    expect(
      [...outcomes].every((outcome) => /^(?:ERR_[A-Z_]+|ENOSPC|success)$/.test(outcome)),
      [...outcomes].join(),
    ).toBe(true)
    expect(outcomes).toContain('ERR_STATE_WRITE')
    expect(outcomes).toContain('success')
  })
})
