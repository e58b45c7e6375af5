import { errorCode } from '@holdfast/atomic-file'
import { openForReading } from '../open-for-reading.js'
import { isIntact, type ParsedLine, parseLine, type RecordFields } from './audit-record.js'
import { entriesIn, entriesOf } from './journal.js'
import type { Layout } from './layout.js'
import type { LoadedDocument } from './load-document.js'
import { isSameFile, oldLogs } from './log-rotation.js'
import { readLines } from './read-lines.js'

/** One thing that is wrong with a history. */
export interface HistoryProblem {
  readonly file: string
  /** Counted from 1. */
  readonly line?: number
  readonly message: string
}

export interface HistoryVerification {
  /** Records of ours, and lines of other programs between them, which nothing protects. */
  readonly records: number
  readonly foreign: number
  readonly problems: readonly HistoryProblem[]
}

/** Follows the chain of hashes from the oldest line to the document. */
export async function verifyHistory(layout: Layout, loaded: LoadedDocument): Promise<HistoryVerification> {
  const chain = new ChainCheck()
  for (const file of (await oldLogs(layout.log)).reverse()) {
    if (!(await isSameFile(file, layout.log))) await checkFile(file, chain)
  }
  await checkFile(layout.log, chain)
  checkJournal(layout, loaded, chain)
  checkDocument(layout, loaded, chain)
  return chain.result()
}

class ChainCheck {
  newestState: RecordFields | undefined
  readonly #problems: HistoryProblem[] = []
  /** The hash of the line before; `undefined` before the first. */
  #hash: string | undefined
  #records = 0
  #foreign = 0

  add({ record, hash, prev }: ParsedLine, text: string, file: string, line: number): void {
    if (hash === undefined) {
      if (record.kind === 'damaged') this.problem({ file, line, message: 'the line cannot be read' })
      else this.#foreign += 1
      return
    }
    this.#records += 1
    if (!isIntact(text, hash)) this.problem({ file, line, message: 'the line was edited: its hash is wrong' })
    const isBeginning = this.#hash === undefined && (prev === null || record.operation === 'rotation')
    if (!isBeginning && prev !== (this.#hash ?? null)) {
      const what = this.#hash === undefined ? 'the beginning of the history is missing' : 'lines before it are missing'
      this.problem({ file, line, message: `${what}, or were edited or put in between` })
    }
    this.#hash = hash
    if ('sha256' in record) this.newestState = record
  }

  get hash(): string | undefined {
    return this.#hash
  }

  problem(problem: HistoryProblem): void {
    this.#problems.push(problem)
  }

  result(): HistoryVerification {
    return { records: this.#records, foreign: this.#foreign, problems: this.#problems }
  }
}

async function checkFile(path: string, chain: ChainCheck): Promise<void> {
  try {
    await using handle = await openForReading(path)
    let line = 0
    for await (const text of readLines(handle)) {
      line += 1
      chain.add(parseLine(text), text, path, line)
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

function checkJournal({ journal: file }: Layout, { image, journal }: LoadedDocument, chain: ChainCheck): void {
  if (journal === undefined) return
  const { newestState } = chain
  const included = entriesIn(journal, image.sha256) ?? 0
  // A crash can leave lines in the journal that are in the log already, all or some of them.
  if (included === journal.count && newestState?.sha256 === image.sha256) return
  const entries = entriesOf(journal)
  const moved = entries.findLastIndex(({ line }) => line.hash === chain.hash) + 1
  entries.slice(moved).forEach(({ line }, index) => {
    chain.add(parseLine(line.text), line.text, file, moved + index + 2)
  })
}

function checkDocument({ document, log }: Layout, { image, journal }: LoadedDocument, chain: ChainCheck): void {
  const { newestState } = chain
  if (newestState === undefined || newestState.sha256 === image.sha256) return
  // A killed process leaves a commit announced whose document never came, or a checkpoint whose records did not: the next turn settles both.
  if (newestState.before === image.sha256 || journal?.checkpoints.has(image.sha256)) return
  chain.problem({
    file: log,
    message: `'${document}' is not what the newest record says: it was changed by another program, or the newest records were removed`,
  })
}
