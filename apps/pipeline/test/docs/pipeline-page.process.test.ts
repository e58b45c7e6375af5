/** Everything on the page about pipelines that can be run is run: commands with the real command. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { commandPhaseSchema, pipelineFileSchema } from '../../src/definition/definition-schema.js'
import { loadPipeline, runPipeline } from '../../src/index.js'

const APP = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = readFileSync(join(APP, '../../docs/pipeline.md'), 'utf8')
const BIN = join(APP, 'bin/pipeline.js')

const yaml = blocks('yaml')
const wholes = yaml.filter((text) => text.startsWith('name:'))
const fragments = yaml.filter((text) => text.startsWith('- id:'))
const scripts = blocks('sh')

const dir = useTempDir()

function blocks(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text ?? '')
}

function write(name: string, text: string): void {
  mkdirSync(dirname(join(dir(), name)), { recursive: true })
  writeFileSync(join(dir(), name), text)
}

function read(name: string): string {
  return readFileSync(join(dir(), name), 'utf8')
}

function environment(more: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const path = [join(dir(), 'bin'), dirname(process.execPath), process.env['PATH'] ?? '']
  return { ...process.env, PATH: path.join(delimiter), ...more }
}

function pipeline(...args: readonly string[]): {
  readonly code: number | null
  readonly out: string
  readonly err: string
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd: dir(),
    env: environment(),
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

/** Runs a block of the page as it stands there. */
function runScript(script: string, more?: Readonly<Record<string, string>>): string {
  write('bin/pipeline', `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`)
  chmodSync(join(dir(), 'bin/pipeline'), 0o755)
  return execFileSync('sh', ['-e', '-c', script], {
    cwd: dir(),
    env: environment(more),
    encoding: 'utf8',
    stdio: 'pipe',
  })
}

test('the page has what is tested here', () => {
  expect([wholes.length, fragments.length, scripts.length, blocks('ts').length]).toEqual([2, 8, 3, 1])
})

async function runHere(): Promise<{ readonly statuses: readonly string[]; readonly warnings: readonly string[] }> {
  const warnings: string[] = []
  const { phases } = await runPipeline(await loadPipeline(join(dir(), 'it.yaml')), {
    input: join(dir(), 'book.txt'),
    onEvent: (event) => {
      if (event.type === 'warning') warnings.push(event.message)
    },
  })
  return { statuses: phases.map(({ status }) => status), warnings }
}

test.each(wholes.map((text) => [/^name: (.*)/.exec(text)?.[1] ?? '', text]))('%s runs', async (_, text) => {
  write('it.yaml', text)
  write('book.txt', 'the sea and the light\n')
  const { statuses, warnings } = await runHere()
  expect([...new Set(statuses), ...warnings]).toEqual(['success'])
})

test.each(fragments.map((text, index) => [index + 1, text]))('the example %d of a phase runs', async (_, text) => {
  const phases = `- { id: phase1, command: [echo, first] }\n${text}`.replaceAll(/^/gm, '  ')
  write('it.yaml', `name: Example\nparams: { voice: anna }\nslots: { gpu: 1 }\nphases:\n${phases}\n`)
  for (const name of ['book.txt', 'parts/one.txt', 'parts/two.txt', 'lexicon/names.txt']) write(name, `${name}\n`)
  mkdirSync(join(dir(), 'work/book'), { recursive: true })
  expect(await runHere()).toEqual({ statuses: ['success', 'success'], warnings: [] })
})

test('the tables name every key there is, and no other', () => {
  const [first = '', second = ''] = [...PAGE.matchAll(/\n\| key \| default \| \|\n(.*?)\n\n/gs)].map(([, rows]) => rows)
  const keysIn = (rows: string): string[] => [...rows.matchAll(/^\| `(\w+)`/gm)].map(([, key]) => key ?? '').sort()
  expect(keysIn(first)).toEqual(Object.keys(pipelineFileSchema.shape).sort())
  expect(keysIn(second)).toEqual(Object.keys(commandPhaseSchema.shape).sort())
})

test('every key of a phase is in an example', () => {
  for (const key of Object.keys(commandPhaseSchema.shape)) {
    expect(yaml.some((text) => new RegExp(`(?:^|[\\s{-])${key}:`).test(text)) ? key : `${key} is missing`).toBe(key)
  }
})

test('the module in TypeScript runs', () => {
  const [module = ''] = blocks('ts')
  mkdirSync(join(dir(), 'node_modules/@holdfast'), { recursive: true })
  symlinkSync(APP, join(dir(), 'node_modules/@holdfast/pipeline'))
  write('package.json', '{"type":"module"}')
  write('count.ts', module)
  write('book.txt', 'the sea and a light\n')
  expect(pipeline('run', 'count.ts', '--input', 'book.txt')).toMatchObject({ code: 0 })
  expect(read('book.txt.count')).toBe('4\n')
  expect(pipeline('run', 'count.ts', '--input', 'book.txt', '--set', 'minLength=4')).toMatchObject({ code: 0 })
  expect(read('book.txt.count')).toBe('1\n')
})

test('the commands do what the page says, and a damaged state is brought back', () => {
  const [first = '', reasons = '', recovery = ''] = scripts
  write('words.yaml', wholes[0] ?? '')
  write('book.txt', 'the sea and the light\n')
  const told = runScript(first)
  expect(told).toMatch(/phase2 .*unchanged/)
  expect(read('report.html')).toContain('Word lists')
  expect(read('book.counts.txt')).toMatch(/^ *2 the\n/)

  write('book.txt', 'the light and the light\n')
  expect(runScript(reasons)).toContain("input 'book.txt' changed")
  expect(read('book.counts.txt')).toMatch(/^ *2 the\n(?: *1 \w+\n)+$/)
  expect(pipeline('run', 'words.yaml', '--input', 'book.txt').code).toBe(0)

  write('pipeline.json', read('pipeline.json').slice(0, 200))
  const damaged = pipeline('run', 'words.yaml', '--input', 'book.txt')
  expect(damaged.code).toBe(1)
  expect(damaged.err).toContain('Cannot read')
  const [, restore = ''] = /(pipeline restore .*)$/m.exec(damaged.err) ?? []
  const BACKUP = /pipeline_\d+_\d+_\d+\.json\.bak/.exec(restore)?.[0] ?? 'none is named'
  runScript(recovery, { BACKUP })
  expect(pipeline('status', 'words.yaml').out).toMatch(/^book \(book\.txt\): success$/m)
  expect(pipeline('run', 'words.yaml', '--input', 'book.txt').out).toMatch(/phase2 .*unchanged/)
})
