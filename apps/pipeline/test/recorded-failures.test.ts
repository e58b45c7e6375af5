/** What went wrong for the users of the orchestrators that came before, each with what happens here instead. */
import { copyFileSync, cpSync, mkdirSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadPipeline, runPipeline, selectPhases } from '../src/index.js'
import { bookPhases, lines, logged, sh, type Table, useSite } from './support/site.js'

const site = useSite()
const { define, run, write, read, state, entry, chunks, takeLog, path } = site

const copy = {
  id: 'phase1',
  command: logged('copy', 'cp "$1" "$2"', '${input}', '${outputs.text}'),
  outputs: { text: 'out/${file_id}.txt' },
}

describe('what is recorded as done', () => {
  test('1: a phase that says success because of another book is run for this one', async () => {
    const other = { status: 'success', artifacts: {}, errors: [], note: 'theirs' }
    write(
      'pipeline.json',
      JSON.stringify({ phases: { phase1: 'success' }, phase1: { status: 'success', files: { other } } }),
    )
    const { statuses } = await run(define([copy]))
    expect(statuses).toEqual({ phase1: 'success' })
    expect(takeLog()).toEqual(['copy'])
    expect((state()['phase1'] as { files: Table }).files['other']).toEqual(other)
  })

  test('1: a phase that succeeded for this book by its own word only, without what it was made of, is run', async () => {
    write('pipeline.json', JSON.stringify({ phase1: { status: 'success', files: { book: { status: 'success' } } } }))
    expect((await run(define([copy]))).statuses).toEqual({ phase1: 'success' })
    expect(takeLog()).toEqual(['copy'])
  })

  test('2: chunks that are gone are neither tried again nor joined', async () => {
    const pipeline = define(bookPhases())
    write('book.txt', lines(8))
    await run(pipeline)
    takeLog()
    write(
      'book.txt',
      lines(3, (index) => `other ${index}`),
    )
    const { status } = await run(pipeline)
    expect(status).toBe('success')
    expect(takeLog().sort()).toEqual(['chunk_1', 'chunk_2', 'chunk_3', 'join', 'split'])
    expect(chunks('phase4').map(({ chunk_id }) => chunk_id)).toEqual(['chunk_1', 'chunk_2', 'chunk_3'])
    expect(read('work/book.mp3')).toBe('OTHER 1\nOTHER 2\nOTHER 3\n')
  })

  test('3: chunks that an earlier program called complete are not taken for done', async () => {
    const pipeline = define(bookPhases())
    write('book.txt', lines(5))
    const old = Array.from({ length: 5 }, (_, index) => ({ chunk_id: `chunk_${index + 1}`, status: 'complete' }))
    write(
      'pipeline.json',
      JSON.stringify({ phase4: { status: 'success', files: { book: { status: 'success', chunks: old } } } }),
    )
    const { status } = await run(pipeline)
    expect(status).toBe('success')
    expect(takeLog()).toHaveLength(7)
    expect(read('work/book.mp3')).toBe(lines(5, (index) => `TEXT ${index}`))
  })

  test('4: a part is a part: the phase and the run say so, and nothing is made of it unless that is accepted', async () => {
    const synthesise = sh(
      'case "$3" in chunk_2|chunk_4) echo "clipping" >&2; exit 1;; esac; tr a-z A-Z < "$1" > "$2"',
      '${item.path}',
      '${outputs.audio}',
      '${item.id}',
    )
    write('book.txt', lines(5))
    const [split, speak, join] = bookPhases({ synthesise })
    if (split === undefined || speak === undefined || join === undefined) throw new Error('There are three phases')
    const { status, statuses, phases } = await run(define([split, speak, join]))
    expect(status).toBe('partial')
    expect(statuses).toEqual({ phase3: 'success', phase4: 'partial', phase5: 'skipped' })
    expect(phases[1]?.items).toEqual({ total: 5, done: 3, failed: 2, unchanged: 0 })
    expect(entry('phase4')).toMatchObject({ status: 'partial', reason: expect.stringContaining('2 of 5 items failed') })
    expect(state()['phases']).toMatchObject({ phase4: 'partial', phase5: 'skipped' })
    const accepted = await run(define([split, { ...speak, acceptPartial: true }, join]))
    expect(accepted.status).toBe('partial')
    expect(accepted.statuses).toMatchObject({ phase4: 'partial', phase5: 'success' })
    expect(read('work/book.mp3')).toBe('TEXT 1\nTEXT 3\nTEXT 5\n')
  })

  test('4: a check is relaxed by a parameter, not by changing programs', async () => {
    const phase = { ...copy, check: sh('test "$(wc -c < "$1")" -ge "$2"', '${outputs.text}', '${params.least}') }
    expect((await run(define([phase], { params: { least: 1000 } }))).status).toBe('failed')
    expect((await run(define([phase], { params: { least: 1000 } }), { params: { least: 5 } })).status).toBe('success')
  })

  test('5: for 4 of 12 chunks that failed, 4 are done again', async () => {
    const synthesise = logged(
      '${item.id}',
      'case "$0" in chunk_[2579]) test -e mended;; esac; cp "$1" "$2"',
      '${item.path}',
      '${outputs.audio}',
    )
    const pipeline = define(bookPhases({ synthesise }))
    write('book.txt', lines(12))
    expect((await run(pipeline, { jobs: 3 })).status).toBe('partial')
    takeLog()
    write('mended', '')
    const { status, phases } = await run(pipeline, { jobs: 3 })
    expect(status).toBe('success')
    expect(takeLog().sort()).toEqual(['chunk_2', 'chunk_5', 'chunk_7', 'chunk_9', 'join'])
    expect(phases[1]?.items).toEqual({ total: 12, done: 4, failed: 0, unchanged: 8 })
  })

  test.each([
    ['its command failed', { ...copy, command: sh('echo half > "$1"; exit 3', '${outputs.text}') }],
    ['its check failed', { ...copy, check: ['false'] }],
  ])('6: an output that is there is no success when %s', async (_, phase) => {
    for (const attempt of [1, 2]) {
      expect((await run(define([phase]))).statuses, `attempt ${attempt}`).toEqual({ phase1: 'failed' })
      expect(read('out/book.txt')).not.toBe('')
      expect(entry('phase1')).toMatchObject({ status: 'failed', artifacts: {} })
    }
    expect(entry('phase1')).not.toHaveProperty('fingerprint')
  })
})

describe('what is done again', () => {
  test('7: a changed parameter runs what depends on it again, and nothing else', async () => {
    const phase = (id: string, needs: string[], ...args: string[]): typeof copy & { needs: string[] } => ({
      id,
      needs,
      command: logged(id, 'out="$1"; shift; echo "$@" > "$out"', '${outputs.text}', ...args),
      outputs: { text: `out/${id}.txt` },
    })
    const pipeline = define(
      [
        phase('phase1', []),
        phase('phase2', ['phase1'], '${params.voice}'),
        phase('phase3', ['phase2']),
        phase('phase4', ['phase1'], '${params.speed}'),
      ],
      { params: { voice: 'anna', speed: 1 } },
    )
    await run(pipeline)
    takeLog()
    const { events } = await run(pipeline, { params: { voice: 'bert' } })
    expect(takeLog()).toEqual(['phase2', 'phase3'])
    expect(read('out/phase2.txt')).toBe('bert\n')
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'phase-begin',
        phase: 'phase2',
        reasons: ['voice changed from "anna" to "bert"'],
      }),
    )
  })

  test('7: a changed parameter counts for every chunk, whatever was kept of it', async () => {
    const synthesise = logged('${item.id}', 'echo "$2" > "$1"', '${outputs.audio}', '${params.voice}')
    const pipeline = define(bookPhases({ synthesise }), { params: { voice: 'anna' } })
    write('book.txt', lines(3))
    await run(pipeline)
    takeLog()
    await run(pipeline, { params: { voice: 'bert' } })
    expect(takeLog()).toEqual(['chunk_1', 'chunk_2', 'chunk_3', 'join'])
    expect(read('work/book.mp3')).toBe('bert\nbert\nbert\n')
  })

  test('8: a run that is not to resume does everything again', async () => {
    const pipeline = define(bookPhases())
    write('book.txt', lines(3))
    await run(pipeline)
    takeLog()
    expect((await run(pipeline)).statuses).toEqual({ phase3: 'unchanged', phase4: 'unchanged', phase5: 'unchanged' })
    expect(takeLog()).toEqual([])
    expect((await run(pipeline, { resume: false })).statuses).toEqual({
      phase3: 'success',
      phase4: 'success',
      phase5: 'success',
    })
    expect(takeLog()).toEqual(['split', 'chunk_1', 'chunk_2', 'chunk_3', 'join'])
  })

  test('own: a changed input and a deleted or changed artifact are noticed', async () => {
    const pipeline = define([copy])
    await run(pipeline)
    write('book.txt', 'another text\n')
    expect((await run(pipeline)).statuses).toEqual({ phase1: 'success' })
    unlinkSync(path('out/book.txt'))
    expect((await run(pipeline)).statuses).toEqual({ phase1: 'success' })
    write('out/book.txt', 'ANOTHER TEXT\n')
    expect((await run(pipeline)).statuses).toEqual({ phase1: 'success' })
    expect((await run(pipeline)).statuses).toEqual({ phase1: 'unchanged' })
    expect(takeLog()).toEqual(['copy', 'copy', 'copy', 'copy'])
  })
})

describe('order and identity', () => {
  test('9: chunks are joined in their order, however they end and whatever their numbers look like', async () => {
    const synthesise = sh(
      'sleep 0.$(( (13 - $3) % 10 )); echo "$3" > "$2"',
      '${item.path}',
      '${outputs.audio}',
      '${item.index}',
    )
    const pipeline = define(bookPhases({ synthesise }))
    write('book.txt', lines(12))
    await run(pipeline, { jobs: 12 })
    expect(read('work/book.mp3').trim().split('\n').map(Number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect(chunks('phase4').map(({ chunk_id }) => chunk_id)).toEqual(
      Array.from({ length: 12 }, (_, index) => `chunk_${index + 1}`),
    )
  })

  test('10: a name with dots is an id as it is', async () => {
    write('G9 L 1.3.txt', 'text')
    write('v1.2', 'text')
    const phase = { ...copy, id: 'phase2', needs: [] }
    expect((await run(define([phase]), { input: path('G9 L 1.3.txt') })).fileId).toBe('G9 L 1.3')
    expect((await run(define([phase]), { input: path('v1.2') })).fileId).toBe('v1.2')
    expect(read('out/G9 L 1.3.txt')).toBe('text')
    expect(entry('phase2', 'G9 L 1.3')).toMatchObject({ status: 'success' })
  })

  test('10: the same book from another folder resumes; another book under its name is refused', async () => {
    const pipeline = define([copy])
    write('book.txt', 'text')
    await run(pipeline)
    mkdirSync(path('upload-1234'))
    copyFileSync(path('book.txt'), path('upload-1234/book.txt'))
    expect((await run(pipeline, { input: path('upload-1234/book.txt') })).statuses).toEqual({ phase1: 'unchanged' })
    write('upload-5678/book.txt', 'quite another')
    await expect(run(pipeline, { input: path('upload-5678/book.txt') })).rejects.toMatchObject({
      code: 'ERR_PIPELINE_INPUT',
      hint: expect.stringContaining('--file-id'),
    })
    expect(read('out/book.txt')).toBe('text')
  })
})

describe('what is told', () => {
  test('11: long silence is reported while it lasts', async () => {
    const phase = {
      ...copy,
      quietTimeout: '100ms',
      command: sh('sleep 0.6; cp "$1" "$2"', '${input}', '${outputs.text}'),
    }
    expect((await run(define([phase]))).warnings).toEqual(['has been silent for 100 ms'])
  })

  test('11, own: a phase that does not exist is a mistake at once, not a failure after three attempts', () => {
    expect(() => selectPhases(define([copy]), { phases: '1,6' })).toThrow(
      expect.objectContaining({
        code: 'ERR_PIPELINE_SELECTION',
        message: expect.stringContaining("no phase '6'"),
        hint: 'It has: phase1',
      }),
    )
  })

  test('11, own: what a failed phase said last is in the result, in the state and in its log', async () => {
    const phase = {
      ...copy,
      retries: { max: 1, delay: '1ms' },
      command: sh('echo working; echo "No space left on device" >&2; exit 28'),
    }
    const { phases } = await run(define([phase]))
    expect(phases[0]).toMatchObject({
      status: 'failed',
      reason: 'Ended with exit code 28',
      tail: 'working\nNo space left on device',
    })
    const failed = entry('phase1')
    expect(failed).toMatchObject({ status: 'failed', exit_code: 28, attempts: 2, reason: 'Ended with exit code 28' })
    expect(failed['errors']).toEqual(
      [1, 2].map((attempt) =>
        expect.objectContaining({ type: 'ExitCode', attempt, tail: expect.stringContaining('No space left') }),
      ),
    )
    expect(read(String(failed['log']))).toBe('working\nNo space left on device\n')
  })

  test('12: a setting that nobody reads is a mistake with its place', async () => {
    write(
      'p.yaml',
      'name: test\nphases:\n  - id: phase1\n    concat_only: true\n    command: [echo, "${params.voise}"]\n',
    )
    await expect(loadPipeline(path('p.yaml'))).rejects.toMatchObject({
      code: 'ERR_PIPELINE_DEFINITION',
      message: expect.stringContaining('line 4: phases[0].concat_only'),
    })
    await expect(
      run(define([copy], { params: { voice: 'anna' } }), { params: { voise: 'bert' } }),
    ).rejects.toMatchObject({
      code: 'ERR_PIPELINE_SELECTION',
      message: expect.stringContaining("'voise'; did you mean 'voice'?"),
    })
    expect(takeLog()).toEqual([])
  })

  test('12: a time-out names the time that was allowed', async () => {
    const { phases } = await run(define([{ ...copy, timeout: '150ms', command: ['sleep', '60'] }]))
    expect(phases[0]).toMatchObject({ status: 'failed', reason: 'Not done within 150 ms' })
  })

  test('13: paths belong to the folder of the definition, and the state still holds when everything is moved', async () => {
    write(
      'project/p.yaml',
      'name: test\nphases:\n  - { id: phase1, command: [cp, "${input}", "${outputs.text}"], outputs: { text: "out/text.txt" } }\n',
    )
    write('project/book.txt', 'text')
    await runPipeline(await loadPipeline(path('project/p.yaml')), { input: path('project/book.txt') })
    expect(read('project/out/text.txt')).toBe('text')
    expect(read('project/pipeline.json')).not.toContain(path('project'))
    cpSync(path('project'), path('elsewhere'), { recursive: true, preserveTimestamps: true })
    rmSync(path('project'), { recursive: true })
    const { phases } = await runPipeline(await loadPipeline(path('elsewhere/p.yaml')), {
      input: path('elsewhere/book.txt'),
    })
    expect(phases[0]?.status).toBe('unchanged')
  })

  test('14: whatever a phase prints, arrows or no text at all, goes into its log as it is', async () => {
    const phase = {
      ...copy,
      command: sh('printf \'\\342\\206\\222 done \\377\\n\'; cp "$1" "$2"; exit 1', '${input}', '${outputs.text}'),
    }
    const { phases } = await run(define([phase]), { env: { PATH: process.env['PATH'], LANG: 'C' } })
    expect(phases[0]?.tail).toBe('→ done \uFFFD')
    expect(statSync(path(String(entry('phase1')['log']))).size).toBe(11)
  })
})

describe('before hours are spent', () => {
  test('15: content that does not pass its check costs no later phase', async () => {
    const phase = { ...copy, check: sh('! grep -q "t e x t" "$1"', '${outputs.text}') }
    write('book.txt', 't e x t')
    const { statuses } = await run(define([phase, { ...copy, id: 'phase2', outputs: { text: 'out/2.txt' } }]))
    expect(statuses).toEqual({ phase1: 'failed', phase2: 'skipped' })
    expect(entry('phase1')['errors']).toEqual([expect.objectContaining({ type: 'CheckFailed' })])
  })

  test('16: a program that is not there is found before anything runs', async () => {
    const pipeline = define([copy, { id: 'phase2', command: ['no-such-program-here'] }])
    await expect(run(pipeline)).rejects.toMatchObject({
      code: 'ERR_PIPELINE_PROGRAM',
      message: expect.stringContaining("'no-such-program-here'"),
    })
    expect(takeLog()).toEqual([])
  })

  test('17: what a phase prints or makes never gets into the state', async () => {
    const command = sh(
      `yes 0.123456789 | head -c 5000000 | tee "$1"; yes 0.1 | head -c 100000 | tr -d '\\n' | sed 's/.*/{"metric":{"name":"embedding","value":"&"}}/' >&3`,
      '${outputs.text}',
    )
    const { status, warnings } = await run(define([{ ...copy, command }]))
    expect(status).toBe('success')
    expect(warnings).toEqual([expect.stringMatching(/^wrote a line that is no message/)])
    expect(statSync(path('out/book.txt')).size).toBe(5_000_000)
    expect(statSync(path('pipeline.json')).size).toBeLessThan(4000)
  })
})

describe('own', () => {
  test('exit code 0 with nothing written is a failure', async () => {
    const { phases } = await run(define([{ ...copy, command: ['true'] }]))
    expect(phases[0]).toMatchObject({
      status: 'failed',
      reason: `The output 'text' was not written: '${path('out/book.txt')}'`,
    })
  })

  test('a damaged state stops the run before anything is done, and is left as it was', async () => {
    await run(define([copy]))
    takeLog()
    const half = read('pipeline.json').slice(0, -100)
    write('pipeline.json', half)
    await expect(run(define([copy]), { resume: false })).rejects.toMatchObject({
      code: 'ERR_STATE_READ',
      hint: expect.stringContaining('restore'),
    })
    expect(takeLog()).toEqual([])
    expect(read('pipeline.json')).toBe(half)
  })

  test('a run that was called off says so', async () => {
    const pipeline = define([
      { ...copy, command: ['sleep', '60'] },
      { ...copy, id: 'phase2', outputs: { text: 'out/2.txt' } },
    ])
    const stop = new AbortController()
    const { status, statuses } = await run(pipeline, {
      signal: stop.signal,
      onEvent: ({ type }) => type === 'attempt-begin' && stop.abort(),
    })
    expect(status).toBe('cancelled')
    expect(statuses).toEqual({ phase1: 'cancelled', phase2: 'cancelled' })
    expect(entry('phase1')).toMatchObject({ status: 'failed', reason: 'Called off' })
    expect(state()['phase2']).toBeUndefined()
  })

  test('what was interrupted or failed leaves who, when, how often and why', async () => {
    await run(define([{ ...copy, command: ['false'] }]))
    expect(entry('phase1')).toMatchObject({
      status: 'failed',
      attempts: 1,
      exit_code: 1,
      timestamps: { start: expect.any(Number), end: expect.any(Number), duration: expect.any(Number) },
    })
  })
})
