/**
 * The file for node_exporter's textfile collector. It is replaced as a whole and is the only place where counters are kept from one execution to
 * the next: what was counted since the last write is added to what the file says, under a lock, so that nothing counts twice or gets lost when
 * two executions write. What a kill leaves uncounted stays uncounted. A file that is removed begins at zero, which Prometheus takes for the
 * reset that it is.
 */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, makeDirectory, writeFileAtomic } from '@holdfast/atomic-file'
import { withLock } from '@holdfast/lock'
import { type Labels, METRICS, type MetricsExporter, type Sample } from './definitions.js'
import { isAdditive, parsePrometheus, renderPrometheus, seriesName } from './prometheus-text.js'

export interface TextfileOptions {
  readonly path: string
  /** Stand on every series: for several archivers on one machine. */
  readonly labels: Labels
  /** Told once that the file cannot be written. */
  readonly onTrouble: (error: unknown) => void
}

const LOCK_TIMEOUT_MS = 1_000

export class TextfileExporter implements MetricsExporter {
  readonly #options: TextfileOptions
  #unwritten = new Map<string, number>()
  #writing: Promise<void> = Promise.resolve()
  #isTroubled = false

  constructor(options: TextfileOptions) {
    this.#options = options
  }

  record({ metric, labels, value }: Sample): void {
    const { name, kind } = METRICS[metric]
    const all = { ...this.#options.labels, ...labels }
    if (kind === 'summary') {
      merge(this.#unwritten, seriesName(`${name}_sum`, all), value)
      merge(this.#unwritten, seriesName(`${name}_count`, all), 1)
    } else {
      merge(this.#unwritten, seriesName(name, all), value)
    }
  }

  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  close(): Promise<void> {
    return this.flush()
  }

  async #write(): Promise<void> {
    const { path, onTrouble } = this.#options
    const taken = this.#unwritten
    if (taken.size === 0) return
    this.#unwritten = new Map()
    try {
      await makeDirectory(dirname(path))
      // Whoever has not let go in that time is not waited for again: an execution writes several times.
      const timeoutMs = this.#isTroubled ? 0 : LOCK_TIMEOUT_MS
      await withLock(`${path}.lock`, () => addToFile(path, taken), { timeoutMs })
      this.#isTroubled = false
    } catch (error) {
      // What was recorded since then is newer.
      const since = this.#unwritten
      this.#unwritten = taken
      for (const [key, value] of since) merge(this.#unwritten, key, value)
      if (!this.#isTroubled) onTrouble(error)
      this.#isTroubled = true
    }
  }
}

async function addToFile(path: string, values: ReadonlyMap<string, number>): Promise<void> {
  const series = parsePrometheus(await readIfThere(path))
  const isInfo = (key: string): boolean => key.startsWith(`${METRICS.info.name}{`)
  // The version that ran before is not the one that runs now.
  if ([...values.keys()].some(isInfo)) for (const key of [...series.keys()].filter(isInfo)) series.delete(key)
  for (const [key, value] of values) merge(series, key, value)
  await writeFileAtomic(path, renderPrometheus(series), { mode: 0o644 })
}

function merge(series: Map<string, number>, key: string, value: number): void {
  series.set(key, isAdditive(key) ? (series.get(key) ?? 0) + value : value)
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ''
    throw error
  }
}
