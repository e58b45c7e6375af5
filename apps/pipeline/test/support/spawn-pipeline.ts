import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useTempDir } from '@holdfast/testkit'
import { onTestFinished } from 'vitest'

export const BIN = fileURLToPath(new URL('../../bin/pipeline.js', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface SpawnedPipeline {
  readonly pid: number
  /** Resolves when stderr shows the text; rejects when the command ends without. */
  readonly told: (text: string) => Promise<void>
  /** The same for stdout. */
  readonly printed: (text: string) => Promise<void>
  readonly kill: (signal: NodeJS.Signals) => void
  readonly finished: Promise<Finished>
}

export interface CommandSite {
  readonly path: (name: string) => string
  readonly write: (name: string, text: string) => void
  readonly read: (name: string) => string
  readonly state: (name?: string) => Record<string, unknown>
  /** Starts the real command in the folder of this test; it is killed and reaped when the test ends. */
  readonly start: (args: readonly string[], env?: Readonly<Record<string, string>>) => SpawnedPipeline
  readonly run: (...args: readonly string[]) => Promise<Finished>
  /** Runs it with `--json`; the document and the exit code. */
  // biome-ignore lint/suspicious/noExplicitAny: a test may look at any place of a document
  readonly json: (...args: readonly string[]) => Promise<{ readonly code: number | null; readonly document: any }>
  /** Every file of the folder with its time and content, and every folder. */
  readonly snapshot: () => string[]
}

export function useCommandSite(): CommandSite {
  const dir = useTempDir()
  const path = (name: string): string => join(dir(), name)
  const start: CommandSite['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: dir(),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    const output = collect(child)
    const finished = new Promise<Finished>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, ...output }))
    })
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await finished
    })
    const shows = (stream: 'stdout' | 'stderr', text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (output[stream].includes(text)) resolve()
        }
        child[stream]?.on('data', look)
        child.once('close', () => reject(new Error(`Ended without '${text}':\n${output.stdout}${output.stderr}`)))
        look()
      })
    return {
      pid: child.pid ?? 0,
      kill: (signal) => child.kill(signal),
      finished,
      told: (text) => shows('stderr', text),
      printed: (text) => shows('stdout', text),
    }
  }
  const read = (name: string): string => readFileSync(path(name), 'utf8')
  return {
    path,
    read,
    start,
    write: (name, text) => {
      mkdirSync(dirname(path(name)), { recursive: true })
      writeFileSync(path(name), text)
    },
    state: (name = 'pipeline.json') => JSON.parse(read(name)),
    run: (...args) => start(args).finished,
    json: async (...args) => {
      const { code, stdout } = await start([...args, '--json']).finished
      return { code, document: JSON.parse(stdout) }
    },
    snapshot: () =>
      readdirSync(dir(), { recursive: true, withFileTypes: true })
        .map((entry) => {
          const full = join(entry.parentPath, entry.name)
          const sum = entry.isFile() ? createHash('sha256').update(readFileSync(full)).digest('hex') : 'folder'
          return `${full} ${sum} ${statSync(full).mtimeMs}`
        })
        .sort(),
  }
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  return output
}

/** A book of three chunks; a chunk fails as long as there is a file `bad-<chunk>`, the book as long as there is `bad-<file id>`. */
export const BOOK_YAML: string = `name: book
params: { voice: anna, speed: 1 }
phases:
  - id: phase1
    name: Extract
    command: [sh, -c, 'test ! -e "bad-$3" && cp "$1" "$2"', sh, "\${input}", "\${outputs.text}", "\${file_id}"]
    outputs: { text: "work/\${file_id}/text.txt" }
  - id: phase2
    name: Chunk
    command: [split, -l, "1", -d, "\${phases.phase1.outputs.text}", "work/\${file_id}/chunk_"]
    outputs: { chunks: "work/\${file_id}/chunk_*" }
  - id: phase3
    name: Synthesise
    items: "\${phases.phase2.outputs.chunks}"
    params: { pitch: low }
    command: [sh, -c, 'test ! -e "bad-$3" || { echo no voice >&2; exit 7; }; tr a-z A-Z < "$1" > "$2"; echo "$4 $5" >> "$2"', sh, "\${item.path}", "\${outputs.audio}", "\${item.id}", "\${params.voice}", "\${params.pitch}"]
    outputs: { audio: "out/\${file_id}/\${item.id}.wav" }
    retries: { max: 1, delay: 10ms }
  - id: phase4
    name: Join
    command: [sh, -c, 'out="$1"; shift; cat "$@" > "$out"', sh, "\${outputs.book}", "\${phases.phase3.outputs.audio}"]
    outputs: { book: "out/\${file_id}/book.mp3" }
`

/** A phase that tells on its way and goes on until there is a file `go`; it does not listen to TERM. */
export const SLOW_YAML: string = `name: slow
phases:
  - id: phase1
    command: "echo $$ > pid-\${file_id}; while test ! -e go; do sleep 0.05; done; echo done > \${outputs.out}"
    shell: true
    outputs: { out: "out-\${file_id}.txt" }
  - id: phase2
    command: [cp, "\${phases.phase1.outputs.out}", "\${outputs.copy}"]
    outputs: { copy: "copy-\${file_id}.txt" }
`
