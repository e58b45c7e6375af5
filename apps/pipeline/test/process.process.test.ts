/** What becomes of the processes of a phase, with real ones. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { findMarked } from '../src/process/process-table.js'
import { sh, useSite } from './support/site.js'

const { define, run, read, entry, path, write } = useSite()

const outputs = { text: 'out/text.txt' }

/** The processes of this test that still run: all of them carry the id of its folder. */
async function findLeft(): Promise<number[]> {
  return findMarked(`TEST_FOLDER=${path('.')}`)
}

/** Writes its process id to a file and waits. */
const sleeper = (name: string): string => `echo $$ > ${name}.pid; while :; do sleep 0.1; done`

function phaseOf(command: readonly string[], rest: object = {}): Parameters<typeof define>[0][number] {
  return { id: 'phase1', command: [...command], env: { set: { TEST_FOLDER: path('.') } }, ...rest }
}

test('a time-out ends the whole tree, also those that left the group with setsid, and says why', async () => {
  const command = sh(`setsid sh -c '${sleeper('away')}' & sh -c '${sleeper('child')}' & ${sleeper('self')}`)
  const started = performance.now()
  const { phases } = await run(define([phaseOf(command, { timeout: '600ms' })]))
  expect(phases[0]).toMatchObject({ status: 'failed', reason: 'Not done within 600 ms' })
  expect(entry('phase1')['errors']).toEqual([expect.objectContaining({ type: 'Timeout' })])
  for (const name of ['away', 'child', 'self']) expect(existsSync(path(`${name}.pid`)), name).toBe(true)
  expect(await findLeft()).toEqual([])
  expect(performance.now() - started).toBeLessThan(5000)
})

test('what ignores TERM gets KILL after the grace', async () => {
  const command = sh(`trap 'echo asked >> asked' TERM; ${sleeper('self')}`)
  const { phases } = await run(define([phaseOf(command, { timeout: '400ms' })]), { graceMs: 200 })
  expect(phases[0]?.status).toBe('failed')
  expect(read('asked')).toBe('asked\n')
  expect(await findLeft()).toEqual([])
})

test('what ends on TERM within the grace has the time to clean up', async () => {
  const command = sh(`trap 'sleep 0.2; echo clean > cleaned; exit 0' TERM; ${sleeper('self')}`)
  const { phases } = await run(define([phaseOf(command, { timeout: '300ms' })]), { graceMs: 5000 })
  expect(phases[0]).toMatchObject({ status: 'failed', reason: 'Not done within 300 ms' })
  expect(read('cleaned')).toBe('clean\n')
})

test('a run that is called off ends what runs', async () => {
  const stop = new AbortController()
  const command = sh(`echo '{"progress":0}' >&3; setsid sh -c '${sleeper('away')}' & ${sleeper('self')}`)
  const { status } = await run(define([phaseOf(command)]), {
    signal: stop.signal,
    onEvent: ({ type }) => type === 'progress' && stop.abort(),
  })
  expect(status).toBe('cancelled')
  expect(await findLeft()).toEqual([])
})

test.each([
  ['in its group', `sh -c 'exec 3>&-; ${sleeper('left')}' &`],
  ['that left its group', `setsid sh -c '${sleeper('left')}' &`],
])('processes %s that a phase leaves behind are ended before it counts as done', async (_, start) => {
  const command = sh(`${start} while ! test -s left.pid; do sleep 0.02; done; echo done > "$1"`, '${outputs.text}')
  const { status, warnings } = await run(define([phaseOf(command, { outputs })]))
  expect(status).toBe('success')
  expect(warnings).toEqual(['left processes behind, which were ended'])
  expect(await findLeft()).toEqual([])
})

test('a phase that ends at once leaves no warning, nor do children that ended before it', async () => {
  const { status, warnings } = await run(define([phaseOf(sh('sh -c "exit 0" & sh -c "exit 1" & wait; exit 0'))]))
  expect(status).toBe('success')
  expect(warnings).toEqual([])
})

test('a phase ended by a signal fails with its name', async () => {
  const { phases } = await run(define([phaseOf(sh('kill -SEGV $$'))]))
  expect(phases[0]).toMatchObject({ status: 'failed', reason: 'Ended by SIGSEGV' })
  expect(entry('phase1')).toMatchObject({ signal: 'SIGSEGV' })
})

test('messages on descriptor 3 become progress, metrics and artifacts; anything else there is told and does no harm', async () => {
  const command = sh(
    `printf '{"progress":0.5,"message":"half"}\\n{"metric":{"name":"words","value":7}}\\nnot json\\n{"progress":2}\\n\\377\\376\\n' >&3
     printf '{"artifact":{"name":"extra","path":"out/extra.txt"}}' >&3
     echo extra > out/extra.txt; echo done > "$1"`,
    '${outputs.text}',
  )
  const { status, events, warnings } = await run(define([phaseOf(command, { outputs })]))
  expect(status).toBe('success')
  expect(events).toContainEqual({ type: 'progress', phase: 'phase1', item: undefined, done: 0.5, message: 'half' })
  expect(warnings).toEqual([
    'wrote a line that is no message: not json',
    'wrote a line that is no message: {"progress":2}',
    'wrote a line that is no message: \uFFFD\uFFFD',
  ])
  expect(entry('phase1')).toMatchObject({
    metrics: { words: 7 },
    artifacts: { text: { path: 'out/text.txt' }, extra: { path: 'out/extra.txt', bytes: 6 } },
  })
})

test('an artifact that is not there, or has the name of an output, fails the phase', async () => {
  const tell = (message: object): string[] =>
    sh(`echo '${JSON.stringify(message)}' >&3; echo done > "$1"`, '${outputs.text}')
  const gone = await run(define([phaseOf(tell({ artifact: { name: 'extra', path: 'nowhere' } }), { outputs })]))
  expect(gone.phases[0]?.reason).toBe(`The artifact 'extra' is not there: '${path('nowhere')}'`)
  const twice = await run(define([phaseOf(tell({ artifact: { name: 'text', path: 'book.txt' } }), { outputs })]))
  expect(twice.phases[0]?.reason).toBe("The artifact 'text' has the name of an output")
})

test('an endless line on descriptor 3 takes no memory', async () => {
  const command = sh('head -c 30000000 /dev/zero | tr "\\0" x >&3; echo done > "$1"', '${outputs.text}')
  const { status, warnings } = await run(define([phaseOf(command, { outputs })]))
  expect(status).toBe('success')
  expect(warnings).toHaveLength(1)
  expect(warnings[0]?.length).toBeLessThan(300)
})

test('a huge output goes into the log as it is; its last lines are told', async () => {
  const command = sh('yes "0123456789" | head -c 55000000; printf "%01000d\\n" 7; echo last >&2; exit 1')
  const { phases } = await run(define([phaseOf(command)]))
  expect(statSync(path(String(entry('phase1')['log']))).size).toBe(55_000_000 + 1001 + 5)
  const tail = phases[0]?.tail?.split('\n') ?? []
  expect(tail).toHaveLength(20)
  expect(tail.at(-1)).toBe('last')
  expect(tail.at(-2)).toBe('0'.repeat(500))
})

test('silence is told once for each time, and what is written ends it', async () => {
  const command = sh('sleep 0.5; echo one; sleep 0.5; echo two > "$1"', '${outputs.text}')
  const { warnings, status } = await run(define([phaseOf(command, { outputs, quietTimeout: '200ms' })]))
  expect(status).toBe('success')
  expect(warnings).toEqual(['has been silent for 200 ms', 'has been silent for 200 ms'])
})

test.each([
  ['a program that is not there', { command: ['./nothing-here'] }, "there is no program './nothing-here'"],
  ['a folder that is not there', { command: ['true'], cwd: 'nowhere' }, "or no folder '"],
  ['a file that is no program', { command: ['./book.txt'] }, 'EACCES'],
])('%s fails the phase with the reason', async (_, fields, reason) => {
  const { phases } = await run(define([phaseOf([], fields)]))
  expect(phases[0]).toMatchObject({ status: 'failed', reason: expect.stringContaining(reason) })
  expect(entry('phase1')).toMatchObject({ status: 'failed', errors: [{ type: 'NotStarted' }] })
})

test('a phase sees of the environment what it is given and nothing else', async () => {
  const env = { PATH: process.env['PATH'], HOME: '/home/me', API_TOKEN: 'secret', GPU: '1', LANG: 'C' }
  const phase = {
    id: 'phase1',
    command: sh('env > "$1"', '${outputs.text}'),
    env: { pass: ['GPU', 'ABSENT'], set: { VOICE: '${params.voice}' } },
    outputs,
  }
  await run(define([phase], { params: { voice: 'anna' } }), { env })
  const seen = Object.fromEntries(
    read('out/text.txt')
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  )
  expect(
    Object.keys(seen)
      .filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))
      .sort(),
  ).toEqual([
    'GPU',
    'HOME',
    'LANG',
    'PATH',
    'PIPELINE_ATTEMPT',
    'PIPELINE_ATTEMPT_ID',
    'PIPELINE_EVENTS_FD',
    'PIPELINE_FILE_ID',
    'PIPELINE_PHASE',
    'VOICE',
  ])
  expect(seen).toMatchObject({
    VOICE: 'anna',
    GPU: '1',
    PIPELINE_PHASE: 'phase1',
    PIPELINE_ATTEMPT: '1',
    PIPELINE_FILE_ID: 'book',
  })
})

test('the values in a line for a shell are words of it, never commands', async () => {
  const evil = "it's $(touch broken) `touch broken`; touch broken"
  write(`${evil}.txt`, 'text')
  const phase = {
    id: 'phase1',
    shell: true,
    command: 'cp ${input} ${outputs.text} && echo ${params.note} >> ${outputs.text}',
    outputs,
  }
  const { status } = await run(define([phase], { params: { note: '' } }), {
    input: path(`${evil}.txt`),
    params: { note: evil },
  })
  expect(status).toBe('success')
  expect(read('out/text.txt')).toBe(`text${evil}\n`)
  expect(existsSync(path('broken'))).toBe(false)
})

test('two runs of the same input exclude each other; another input runs beside it', async () => {
  write('other.txt', 'other')
  const pipeline = define([
    {
      id: 'phase1',
      command: sh('while ! test -e go; do sleep 0.02; done; cp "$1" "$2"', '${input}', '${outputs.text}'),
      outputs: { text: 'out/${file_id}.txt' },
    },
  ])
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const first = run(pipeline, { onEvent: ({ type }) => type === 'attempt-begin' && resolve() })
  await begun
  await expect(run(pipeline)).rejects.toMatchObject({
    code: 'ERR_PIPELINE_RUNNING',
    hint: expect.stringContaining('run-book.lock'),
  })
  const second = run(pipeline, { input: path('other.txt') })
  await wait(50)
  write('go', '')
  expect([(await first).status, (await second).status]).toEqual(['success', 'success'])
  expect(read('out/other.txt')).toBe('other')
  expect(entry('phase1', 'other')).toMatchObject({ status: 'success' })
  expect(entry('phase1', 'book')).toMatchObject({ status: 'success' })
})

test('what a killed run has left running, in whichever phase, is ended before anything runs', async () => {
  const marker = `PIPELINE_ATTEMPT_ID=${randomUUID()}`
  const [name = '', value = ''] = marker.split('=')
  const left = spawn('sleep', ['60'], { detached: true, stdio: 'ignore', env: { ...process.env, [name]: value } })
  const ended = once(left, 'exit')
  const entry = { status: 'skipped', marker, chunks: [] }
  write('pipeline.json', JSON.stringify({ phase9: { status: 'skipped', files: { book: entry } } }))
  let leftAtBegin: Promise<number[]> | undefined
  const { status } = await run(define([phaseOf(['true'])]), {
    onEvent: ({ type }) => {
      if (type === 'phase-begin') leftAtBegin = findMarked(marker)
    },
  })
  expect(status).toBe('success')
  expect(await leftAtBegin).toEqual([])
  expect(await ended).toEqual([null, 'SIGTERM'])
})
