import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { onTestFinished } from 'vitest'
import {
  checkPipeline,
  type Pipeline,
  type PipelineDefinition,
  type RunEvent,
  type RunOptions,
  type RunResult,
  runPipeline,
} from '../../src/index.js'

export type Table = Record<string, unknown>

export interface Site {
  /** A path in the folder of this test. */
  readonly path: (name: string) => string
  readonly write: (name: string, text: string) => void
  readonly read: (name: string) => string
  readonly define: (
    phases: PipelineDefinition['phases'],
    rest?: Omit<Partial<PipelineDefinition>, 'phases'>,
  ) => Pipeline
  /** Runs a pipeline on `book.txt`, or as the options say. */
  readonly run: (pipeline: Pipeline, options?: Partial<RunOptions>) => Promise<SiteRun>
  /** What pipeline.json holds. */
  readonly state: () => Table
  /** The entry of an input in a phase. */
  readonly entry: (phase: string, fileId?: string) => Table
  readonly chunks: (phase: string, fileId?: string) => Table[]
  /** What commands made by `logged` have done since the last call. */
  readonly takeLog: () => string[]
}

export interface SiteRun extends RunResult {
  readonly events: readonly RunEvent[]
  /** `phase` → status. */
  readonly statuses: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

/** A folder with an input for each test, and what tests of runs do over and over. */
export function useSite(): Site {
  const dir = useTempDir()
  const path = (name: string): string => join(dir(), name)
  const read = (name: string): string => readFileSync(path(name), 'utf8')
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(path(name)), { recursive: true })
    writeFileSync(path(name), text)
  }
  const state = (): Table => JSON.parse(read('pipeline.json'))
  const entry = (phase: string, fileId = 'book'): Table => {
    const block = state()[phase] as { readonly files?: Record<string, Table> } | undefined
    return block?.files?.[fileId] ?? {}
  }
  return {
    path,
    write,
    read,
    state,
    entry,
    chunks: (phase, fileId) => (entry(phase, fileId)['chunks'] ?? []) as Table[],
    define: (phases, rest) => checkPipeline({ name: 'test', ...rest, phases }, 'test', dir()),
    run: async (pipeline, options) => {
      if (options?.input === undefined && !existsSync(path('book.txt'))) write('book.txt', 'once upon a time\n')
      const events: RunEvent[] = []
      const onEvent = (event: RunEvent): void => {
        events.push(event)
        options?.onEvent?.(event)
      }
      // A test that gives up leaves no processes behind.
      const stop = new AbortController()
      const signal = options?.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal])
      const running = runPipeline(pipeline, { input: path('book.txt'), graceMs: 300, ...options, signal, onEvent })
      onTestFinished(async () => {
        stop.abort()
        await running.catch(() => undefined)
      })
      const result = await running
      return {
        ...result,
        events,
        statuses: Object.fromEntries(result.phases.map(({ phase, status }) => [phase, status])),
        warnings: events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
      }
    },
    takeLog: () => {
      const lines = existsSync(path('log')) ? read('log').split('\n').slice(0, -1) : []
      writeFileSync(path('log'), '')
      return lines
    },
  }
}

/** A line for a shell, with arguments as `$1`, `$2`, … */
export function sh(script: string, ...args: string[]): string[] {
  return ['sh', '-ec', script, 'sh', ...args]
}

/** The same, telling in `log` that it was run to its end. */
export function logged(name: string, script: string, ...args: string[]): string[] {
  return sh(`${script}\necho "$0" >> log`, ...args).with(3, name)
}

/** A text of so many lines. */
export function lines(count: number, text = (index: number): string => `text ${index}`): string {
  return Array.from({ length: count }, (_, index) => `${text(index + 1)}\n`).join('')
}

/** A book of one line for each chunk: split, each chunk made to a sound, all of them joined. */
export function bookPhases(options: { readonly synthesise?: readonly string[] } = {}): PipelineDefinition['phases'] {
  const { synthesise = logged('${item.id}', 'tr a-z A-Z < "$1" > "$2"', '${item.path}', '${outputs.audio}') } = options
  return [
    {
      id: 'phase3',
      command: logged(
        'split',
        'mkdir -p work; n=0; rm -f work/chunk_*.txt; while read -r line; do n=$((n+1)); echo "$line" > "work/chunk_$n.txt"; done < "$1"',
        '${input}',
      ),
      outputs: { chunks: 'work/chunk_*.txt' },
    },
    {
      id: 'phase4',
      items: '${phases.phase3.outputs.chunks}',
      command: [...synthesise],
      outputs: { audio: 'work/${item.id}.wav' },
    },
    {
      id: 'phase5',
      command: logged(
        'join',
        'out="$1"; shift; cat "$@" > "$out"',
        '${outputs.book}',
        '${phases.phase4.outputs.audio}',
      ),
      outputs: { book: 'work/book.mp3' },
    },
  ]
}
