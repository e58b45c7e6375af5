import type { OutputStream } from '@holdfast/cli-kit'
import { MultiBar, Presets, type SingleBar } from 'cli-progress'
import type { LogLevel } from '../config/schema.js'
import type { ProgressBar } from '../stages/run-stage.js'
import type { LogFormat } from './format-record.js'
import type { LogSink } from './logger.js'

/** Log lines on stderr; on a terminal a progress bar stays below them. */
export class ConsoleSink implements LogSink, ProgressBar {
  readonly minLevel: LogLevel
  readonly format: LogFormat
  readonly #stream: OutputStream
  #bars: MultiBar | undefined
  #bar: SingleBar | undefined

  /** A terminal always gets text. */
  constructor(stream: OutputStream, minLevel: LogLevel, format: LogFormat = 'text') {
    this.format = stream.isTTY === true ? 'text' : format
    this.#stream = stream
    this.minLevel = minLevel
  }

  write(line: string): void {
    if (this.#bars === undefined) this.#stream.write(`${line}\n`)
    else this.#bars.log(`${line}\n`)
  }

  start(label: string, total: number): void {
    if (this.#stream.isTTY !== true) return
    const format = '{label} {bar} {value}/{total} runs | {duration_formatted} | about {eta_formatted} left'
    const stream = this.#stream as unknown as NodeJS.WritableStream
    this.#bars = new MultiBar(
      { format, stream, hideCursor: null, clearOnComplete: true, emptyOnZero: true },
      Presets.shades_classic,
    )
    this.#bar = this.#bars.create(total, 0, { label })
  }

  advance(): void {
    this.#bar?.increment()
  }

  stop(): void {
    this.#bars?.stop()
    this.#bars = undefined
    this.#bar = undefined
  }
}
