import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { ProcessLike } from '@holdfast/cli-kit'
import { onTestFinished } from 'vitest'
import { run } from '../src/index.js'

export const BIN: string = fileURLToPath(new URL('../bin/mamfast.js', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface SpawnOptions {
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>>
  /** Typed when a question is asked. */
  readonly answer?: string
}

/** Runs the real command in a process of its own. */
export function mamfast(args: readonly string[], options: SpawnOptions = {}): Promise<Finished> {
  return start(process.execPath, [BIN, ...args], options)
}

/** Runs a line of bash, in which `mamfast` is the real command. */
export function bash(line: string, options: SpawnOptions = {}): Promise<Finished> {
  const setUp = `mamfast() { ${quote(process.execPath)} ${quote(BIN)} "$@"; }; set -o pipefail; `
  return start('bash', ['--norc', '-c', setUp + line], options)
}

/** Runs the real command on a pseudo-terminal of its own; what it writes to both streams comes together, with the terminal's line ends taken off. */
export async function onTerminal(
  args: readonly string[],
  { columns = 80, ...options }: SpawnOptions & { readonly columns?: number } = {},
): Promise<{ readonly code: number | null; readonly screen: string }> {
  const line = `stty cols ${columns} -echo; ${[process.execPath, BIN, ...args].map(quote).join(' ')}`
  const env = { TERM: 'xterm', ...options.env }
  const { code, stdout } = await start('script', ['-qefc', `bash --norc -c ${quote(line)}`, '/dev/null'], {
    ...options,
    env,
  })
  return { code, screen: stdout.replaceAll('\r\n', '\n') }
}

export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

function start(file: string, args: readonly string[], { cwd, env = {}, answer }: SpawnOptions): Promise<Finished> {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env
  const child = spawn(file, args, { cwd, env: { ...inherited, TZ: 'UTC', ...env }, stdio: 'pipe' })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
    if (answer !== undefined && output.stdout.includes('[y/N] ')) child.stdin.end(answer)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  child.stdin.on('error', () => undefined)
  if (answer === undefined) child.stdin.end()
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, ...output }))
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await finished
  })
  return finished
}

/** Runs the whole program in this process, which is faster where nothing depends on the process. */
export async function runHere(args: readonly string[]): Promise<Pick<Finished, 'code' | 'stdout' | 'stderr'>> {
  const output = { stdout: '', stderr: '' }
  const streamTo = (name: keyof typeof output): PassThrough =>
    new PassThrough({ encoding: 'utf8' }).on('data', (text: string) => {
      output[name] += text
    })
  const proc: ProcessLike = {
    argv: ['node', 'mamfast', ...args],
    env: {},
    stdin: new PassThrough(),
    stdout: streamTo('stdout'),
    stderr: streamTo('stderr'),
    cwd: () => '/',
    exit: () => undefined,
    on: () => undefined,
    off: () => undefined,
  }
  const code = await run(proc)
  return { code, ...output }
}

export type Entry = Readonly<Record<string, unknown>>

export interface Document {
  readonly processed?: Readonly<Record<string, Entry>>
  readonly failed?: Readonly<Record<string, Entry>>
}

export function processedEntry(fields: Entry = {}): Entry {
  return {
    asin: null,
    author: 'Ida Marsh',
    checkpoints: {},
    infohash: null,
    processed_at: '2026-03-01T20:59:58.771190',
    staging_dir: null,
    status: 'COMPLETE',
    title: 'Glass Tide',
    torrent_path: null,
    ...fields,
  }
}

export function failedEntry(fields: Entry = {}): Entry {
  return {
    asin: null,
    author: 'Rae Quill',
    error: 'tracker refused the upload',
    error_type: null,
    failed_at: '2026-03-02T08:15:00.120001',
    first_failed_at: '2026-03-01T21:00:00.000450',
    retry_count: 2,
    source_dir: null,
    title: 'Salt Roads',
    ...fields,
  }
}

/** A ledger in a folder of its own, as the original writes it. */
export function layOut(folder: string, document: Document = {}): string {
  const path = join(folder, 'state', 'processed.json')
  mkdirSync(dirname(path), { recursive: true })
  const { processed = {}, failed = {} } = document
  writeFileSync(path, JSON.stringify({ failed, processed, version: 2 }, null, 2))
  return path
}

export function readLedger(path: string): { processed: Record<string, Entry>; failed: Record<string, Entry> } {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** Every file below a folder with its bytes and when it was changed, every folder with its name. */
export function fingerprint(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name)
      const stats = statSync(path)
      return [name, stats.isDirectory() ? 'folder' : `${stats.mtimeMs} ${readFileSync(path, 'base64')}`]
    }),
  )
}

/** So many releases that are stale: their folder is there, they are not. */
export function staleEntries(folder: string, count: number): Record<string, Entry> {
  mkdirSync(join(folder, 'seed', 'other'), { recursive: true })
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `B0STALE${String(index).padStart(3, '0')}`,
      processedEntry({ status: 'STAGED', staging_dir: join(folder, 'seed', `Gone ${index}`), title: `Gone ${index}` }),
    ]),
  )
}
