/** The demo's pipeline by itself; `pnpm demo pipeline` kills and resumes it. */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'

const APP = fileURLToPath(new URL('../..', import.meta.url))
const dir = useTempDir()

function run(...args: readonly string[]): { readonly code: number | null; readonly document: Summary } {
  const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(APP, 'bin/pipeline.js'), 'run', 'audiobook.yaml', '--input', 'tale.txt', '--jobs', '4', '--json', ...args],
    { cwd: dir(), env: { ...process.env, PATH }, encoding: 'utf8' },
  )
  return { code: status, document: JSON.parse(stdout) }
}

interface Summary {
  readonly phases: readonly { readonly phase: string; readonly status: string; readonly items?: object }[]
}

test('the audiobook is one whole sound of all chunks, and another pitch makes only the sounds anew', () => {
  cpSync(join(APP, 'demo'), dir(), { recursive: true })
  // Four chunks: the last of them is refused at first.
  writeFileSync(join(dir(), 'tale.txt'), 'One sea.\n\nTwo lights.\n\n - 7 -\n\nThree cap-\ntains.\n\nFour bells.\n')
  const first = run()
  expect(first.code).toBe(0)
  expect(first.document.phases[3]?.items).toMatchObject({ total: 4, done: 4, failed: 0 })
  expect(readFileSync(join(dir(), 'work/tale/chunks/chunk_03.txt'), 'utf8')).toBe('Three captains.\n')
  const state = JSON.parse(readFileSync(join(dir(), 'pipeline.json'), 'utf8'))
  const chunks: { attempts: number; metrics: { audio_seconds: number } }[] = state.phase4.files.tale.chunks
  expect(chunks.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 2])
  const seconds = chunks.reduce((sum, { metrics }) => sum + metrics.audio_seconds, 0)
  const book = readFileSync(join(dir(), 'tale.wav'))
  expect(book.toString('latin1', 0, 4) + book.toString('latin1', 8, 12)).toBe('RIFFWAVE')
  expect(book.readUInt32LE(4)).toBe(book.length - 8)
  expect(book.readUInt32LE(40) / 2 / book.readUInt32LE(24)).toBeCloseTo(seconds, 1)
  expect(readFileSync(join(dir(), 'tale.marks.txt'), 'utf8')).toMatch(/^0\.00 chunk_01\n\d\.\d\d chunk_02\n/)

  const second = run('--set', 'pitch=330')
  expect(second.document.phases.map(({ status }) => status)).toEqual([
    'unchanged',
    'unchanged',
    'unchanged',
    'success',
    'success',
  ])
})
