/**
 * The history of runs for writing: what each execution did with each run, one JSON line an event, appended and synced. The state files and failure logs
 * are the truth about progress; this file only explains them. A crash can leave the beginning of a line at its end, which the next writer cuts off.
 * Its writer holds the archiver's lock.
 */
import { fstatSync, readSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type AppendFile, makeDirectory, openAppendFile } from '@holdfast/atomic-file'
import { compactHistory } from './compact-history.js'
import { formatEvent, formatHeader, type HistoryEvent, parseHistoryLine } from './history-line.js'

export interface RunHistoryDeps {
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly warn: (message: string) => void
  /** The file is compacted when it is larger than this and than twice its size after the last time. @default 8 MiB */
  readonly compactAboveBytes?: number
  readonly newestKept?: number
}

const LINE_FEED = 0x0a
const PIECE = 64 * 1024

export class RunHistory implements AsyncDisposable {
  readonly #path: string
  readonly #deps: RunHistoryDeps
  /** Absent until the next append, which opens it, after it was replaced. */
  #file: AppendFile | undefined
  #compactAt: number

  private constructor(path: string, deps: RunHistoryDeps, file: AppendFile) {
    this.#path = path
    this.#deps = deps
    this.#file = file
    this.#compactAt = this.#limitAfter(compactedBytesOf(file))
  }

  /** Opens the file, makes it and its folder if need be, and cuts off what a kill left half written. @throws AtomicFileError */
  static async open(path: string, deps: RunHistoryDeps): Promise<RunHistory> {
    await makeDirectory(dirname(path))
    return new RunHistory(path, deps, await openWhole(path))
  }

  /** Adds events; durable on return. @throws AtomicFileError; nothing of them is then in the file. */
  async append(events: readonly HistoryEvent[]): Promise<void> {
    const file = await this.#openFile()
    const header = file.size === 0 ? formatHeader(0) : ''
    await file.append(header + events.map(formatEvent).join(''))
    if (file.size > this.#compactAt) await this.#compact(file)
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The file that has the name now: somebody may have moved the other one away, and a long-running archiver would go on writing into it. */
  async #openFile(): Promise<AppendFile> {
    if (this.#file !== undefined && !(await hasName(this.#file))) {
      const gone = this.#file
      this.#file = undefined
      await gone.close()
    }
    this.#file ??= await openWhole(this.#path)
    return this.#file
  }

  /** The events are safe already: a compaction that fails is tried again when the file has grown further. */
  async #compact(file: AppendFile): Promise<void> {
    this.#compactAt = file.size * 2
    try {
      const { bytes, keptAs } = await compactHistory(this.#path, this.#deps)
      if (keptAs !== undefined)
        this.#deps.warn(`'${this.#path}' had lines that are no events; the file as it was is kept as '${keptAs}'`)
      this.#file = undefined
      await file.close()
      this.#compactAt = this.#limitAfter(bytes)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#deps.warn(`The run history '${this.#path}' could not be made smaller: ${reason}`)
    }
  }

  #limitAfter(compactedBytes: number): number {
    return Math.max(this.#deps.compactAboveBytes ?? 8 * 1024 * 1024, 2 * compactedBytes)
  }
}

async function openWhole(path: string): Promise<AppendFile> {
  const file = await openAppendFile(path)
  try {
    const size = wholeSize(file)
    if (size < file.size) await file.truncate(size)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function hasName({ fd, path }: AppendFile): Promise<boolean> {
  const named = await stat(path).catch(() => undefined)
  const open = fstatSync(fd)
  return named?.ino === open.ino && named.dev === open.dev
}

/** Bytes up to the end of the last whole line. */
function wholeSize({ fd, size }: AppendFile): number {
  const piece = Buffer.alloc(PIECE)
  for (let end = size; end > 0; end -= PIECE) {
    const start = Math.max(0, end - PIECE)
    const length = readSync(fd, piece, 0, end - start, start)
    const at = piece.subarray(0, length).lastIndexOf(LINE_FEED)
    if (at >= 0) return start + at + 1
  }
  return 0
}

function compactedBytesOf({ fd, size }: AppendFile): number {
  const head = Buffer.alloc(Math.min(size, formatHeader(0).length))
  readSync(fd, head, 0, head.length, 0)
  const line = parseHistoryLine(head.toString('utf8').trimEnd())
  return line.kind === 'header' ? line.header.compactedBytes : 0
}
