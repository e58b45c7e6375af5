/** Runs the real command as a child process, on real files. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type JsonObject, TxnStore, type TxnStoreOptions } from '@holdfast/txn-store'
import { onTestFinished } from 'vitest'

export const BIN: string = fileURLToPath(new URL('../../bin/holdfast-state.js', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** `holdfast-state` with these arguments. */
export function runState(args: readonly string[], options: { readonly cwd?: string } = {}): Promise<Finished> {
  return runProgram(process.execPath, [BIN, ...args], options)
}

/** A line as an operator would paste it into a shell, in a folder where nothing is. */
export function runShell(line: string, folder: string): Promise<Finished> {
  const bin = join(folder, 'bin')
  const elsewhere = join(folder, 'elsewhere')
  for (const made of [bin, elsewhere]) mkdirSync(made, { recursive: true })
  try {
    readlinkSync(join(bin, 'holdfast-state'))
  } catch {
    symlinkSync(BIN, join(bin, 'holdfast-state'))
  }
  const path = `${bin}:${dirname(process.execPath)}:${process.env['PATH']}`
  return runProgram('bash', ['-c', line], { cwd: elsewhere, env: { ...process.env, PATH: path } })
}

interface ProgramOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

export function runProgram(program: string, args: readonly string[], options: ProgramOptions): Promise<Finished> {
  const child = spawn(program, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...output }))
  })
}

const DEADLINE_MS = 10_000

/** The command that an error or a finding ends with. */
export function commandIn(text: string): string {
  const line = text.split('\n').find((candidate) => /^ +(holdfast-state|mkdir) /.test(candidate))
  if (line === undefined) throw new Error(`No command in:\n${text}`)
  return line.trim()
}

/** Everything in the folder: names, kinds, inodes, times and bytes. */
export function snapshot(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const { ino, mtimeMs, mode } = statSync(path)
      const bytes = entry.isFile() ? readFileSync(path, 'base64') : ''
      return [path, `${ino} ${mtimeMs} ${mode} ${bytes}`]
    }),
  )
}

/** Commits 1 to 3, a second apart on the store's clock, from 08:00:01 on. */
export async function makeDocument(path: string, options: TxnStoreOptions<JsonObject> = {}): Promise<void> {
  const store = await commitThrice(path, options)
  await store.close()
}

/** The same, and the store stays open, as that of a killed process does: a journal is left. */
export async function commitThrice(path: string, options: TxnStoreOptions<JsonObject> = {}): Promise<TxnStore> {
  let now = Date.parse('2026-03-01T08:00:00Z')
  const store = new TxnStore(path, options, { now: () => now })
  for (const count of [1, 2, 3]) {
    now += 1000
    await store.transaction(
      (txn) => {
        txn.data['count'] = count
        txn.data[`step${count}`] = { status: 'success' }
      },
      { operation: 'step' },
    )
  }
  return store
}

/** A file with the key; it can be read by its owner only. */
export function makeKeyFile(path: string, digit: string): string {
  writeFileSync(path, digit.repeat(64), { mode: 0o600 })
  return path
}
