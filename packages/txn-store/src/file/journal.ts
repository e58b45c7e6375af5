/**
 * The commits since the document's file was last written, for documents that are large or change often: `.pipeline/<name>.journal`. Source of truth: the
 * document that the header (or a checkpoint mark) names by its hash, with every whole line after that. A crash can leave a torn last line, which is cut
 * before the next append; a damaged line before others is an error.
 */
import { closeSync, readSync } from 'node:fs'
import { type AppendFile, errorCode, openAppendFile, removeFile, writeFileAtomic } from '@holdfast/atomic-file'
import { StateReadError } from '../errors.js'
import { openForReading, openForReadingSync } from '../open-for-reading.js'
import type { DocumentCodec } from './codec.js'
import type { ResolvedDeps } from './deps.js'
import { identify } from './document-image.js'
import {
  formatEntry,
  formatHeader,
  formatMark,
  type JournalEntry,
  type JournalHeader,
  parseJournalLine,
} from './journal-format.js'
import type { Layout } from './layout.js'
import { modeOf } from './mode-of.js'
import { readFully } from './read-lines-backwards.js'

/** A journal as it was read. Views of one journal share an array that only grows, so that a commit does not copy all that were before it. */
export interface JournalView {
  /** Device and inode. A journal begun later can have the same, once this one is gone: `end` tells them apart. */
  readonly file: string
  /** Length up to the last whole line, in bytes. */
  readonly size: number
  readonly end: LineMark
  readonly header: JournalHeader
  /** More may be in there than belong to this view, see `entriesOf`. */
  readonly shared: JournalEntry[]
  readonly count: number
  /** By the document's hash, how many entries are in it. */
  readonly checkpoints: ReadonlyMap<string | null, number>
}

/** Where the last whole line is and how it begins: with its checksum, so that no other journal has the same there. */
interface LineMark {
  readonly start: number
  readonly head: Buffer
}

/** How many entries the document with this hash has in it; `undefined` when it is none of those the journal knows. */
export function entriesIn(journal: JournalView, documentSha256: string | null): number | undefined {
  return journal.checkpoints.get(documentSha256)
}

/** The entries from the given one on. */
export function entriesOf({ shared, count }: JournalView, from = 0): readonly JournalEntry[] {
  return shared.slice(from, count)
}

export function endOf({ header, shared, count }: JournalView): { hash: string | null; seq: number; token: number } {
  const last = shared[count - 1]
  if (last === undefined) return { hash: header.prev, seq: header.seq, token: header.token }
  const { seq = header.seq, token = header.token } = last.record
  return { hash: last.line.hash, seq, token }
}

/** Whether they are the same journal with the same entries. */
export function isSame(a: JournalView | undefined, b: JournalView | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.file === b.file && a.count === b.count && endOf(a).hash === endOf(b).hash
}

export class Journal {
  readonly path: string
  readonly #document: string
  readonly #codec: DocumentCodec
  readonly #deps: ResolvedDeps
  #file: { readonly append: AppendFile; readonly id: string } | undefined

  constructor(layout: Layout, codec: DocumentCodec, deps: ResolvedDeps) {
    this.path = layout.journal
    this.#document = layout.document
    this.#codec = codec
    this.#deps = deps
  }

  /**
   * What the journal holds now; only what is new since `known` is read. `undefined` when there is none. A torn last line counts as absent.
   *
   * @throws StateReadError when a line is damaged.
   */
  async read(known: JournalView | undefined): Promise<JournalView | undefined> {
    const now = look(this.path)
    if (now === undefined) return undefined
    if (known !== undefined && known.file === now.file && known.size === now.size && this.#isStill(known)) return known
    try {
      await using handle = await openForReading(this.path)
      const { dev, ino, size } = await handle.stat({ bigint: true })
      const file = `${dev}:${ino}`
      const isSame = known?.file === file && known.size <= Number(size) && holds(handle.fd, known.end)
      const from = isSame ? known.size : 0
      const bytes = Buffer.allocUnsafe(Number(size) - from)
      await readFully(handle, bytes, from)
      return this.#parse(file, from, bytes, isSame ? known : undefined)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /** As `read`; `undefined` also when it is damaged. */
  async tryRead(): Promise<JournalView | undefined> {
    try {
      return await this.read(undefined)
    } catch (error) {
      if (error instanceof StateReadError) return undefined
      throw error
    }
  }

  /** Begins an empty journal. Durable on return. */
  async start(header: JournalHeader): Promise<JournalView> {
    await this.#forget()
    const text = formatHeader(header)
    await writeFileAtomic(this.path, text, modeOf(this.#document), this.#deps.files)
    const file = look(this.path)?.file ?? ''
    const size = Buffer.byteLength(text)
    const end = markOf(text, size)
    return { file, size, end, header, shared: [], count: 0, checkpoints: new Map([[header.base, 0]]) }
  }

  /** Adds entries, durably. To be called under the guard, with the newest view. */
  async append(view: JournalView, entries: readonly JournalEntry[]): Promise<JournalView> {
    const lines = entries.map((entry) => formatEntry(entry, this.#codec))
    const size = await this.#append(view, lines.join(''))
    const last = lines.at(-1)
    return { ...view, size, end: last === undefined ? view.end : markOf(last, size), ...grow(view, entries) }
  }

  /** Says, durably, that all entries are in the document with this hash, before that document is published. */
  async mark(view: JournalView, documentSha256: string): Promise<JournalView> {
    const text = formatMark({ checkpoint: documentSha256 })
    const size = await this.#append(view, text)
    const checkpoints = new Map(view.checkpoints).set(documentSha256, view.count)
    return { ...view, size, end: markOf(text, size), checkpoints }
  }

  async remove(): Promise<void> {
    await this.#forget()
    await removeFile(this.path, {}, this.#deps.files)
  }

  async close(): Promise<void> {
    await this.#forget()
  }

  async #append(view: JournalView, text: string): Promise<number> {
    if (this.#file?.id !== view.file) {
      await this.#forget()
      this.#file = { append: await openAppendFile(this.path, this.#deps.files), id: view.file }
    }
    const { append } = this.#file
    if (append.refresh() > view.size) await append.truncate(view.size)
    await append.append(text)
    return append.size
  }

  /** Whether the file has what it had: another journal may have been begun under its inode, or its end cut and written anew. */
  #isStill(known: JournalView): boolean {
    if (this.#file?.id === known.file) return holds(this.#file.append.fd, known.end)
    try {
      const fd = openForReadingSync(this.path)
      try {
        return holds(fd, known.end)
      } finally {
        closeSync(fd)
      }
    } catch {
      return false
    }
  }

  async #forget(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.append.close()
  }

  #parse(file: string, from: number, bytes: Buffer, known: JournalView | undefined): JournalView {
    let header = known?.header
    const added: JournalEntry[] = []
    const checkpoints = new Map(known?.checkpoints)
    const before = known?.count ?? 0
    let size = from
    let last: string | undefined
    for (let start = 0; start < bytes.length; ) {
      const feed = bytes.indexOf(LINE_FEED, start)
      if (feed === -1) break
      const text = bytes.toString('utf8', start, feed)
      const line = this.#parseLine(text, size)
      if (line === undefined) {
        // The last line may be half of a write; one with others behind it was whole once.
        if (feed + 1 === bytes.length) break
        throw this.#damaged(size, 'its checksum is wrong')
      }
      if (line.kind === 'header') {
        header = line.header
        checkpoints.set(header.base, 0)
      } else if (line.kind === 'checkpoint') checkpoints.set(line.sha256, before + added.length)
      else added.push(line.entry)
      start = feed + 1
      size = from + start
      last = text
    }
    if (header === undefined) throw this.#damaged(0, 'it has no header')
    const end = last === undefined ? (known?.end ?? markOf('', 0)) : markOf(`${last}\n`, size)
    return { file, size, end, header, ...grow(known ?? { shared: [], count: 0 }, added), checkpoints }
  }

  #parseLine(text: string, offset: number): ReturnType<typeof parseJournalLine> {
    try {
      return parseJournalLine(text, this.#codec, this.path)
    } catch (error) {
      if (error instanceof SyntaxError) throw this.#damaged(offset, error.message)
      throw error
    }
  }

  #damaged(offset: number, reason: string): StateReadError {
    return new StateReadError(`Cannot read '${this.path}': the line at byte ${offset} is damaged: ${reason}`, {
      path: this.path,
      hint: 'Restore a backup of the document, or write it anew; the journal is then set aside',
    })
  }
}

const LINE_FEED = 0x0a

const HEAD_LENGTH = 48

/** Of a line that ends at `end`. */
function markOf(line: string, end: number): LineMark {
  return { start: end - Buffer.byteLength(line), head: Buffer.from(line.slice(0, HEAD_LENGTH)) }
}

function holds(fd: number, { start, head }: LineMark): boolean {
  const bytes = Buffer.allocUnsafe(head.length)
  return readSync(fd, bytes, 0, head.length, start) === head.length && bytes.equals(head)
}

function look(path: string): { readonly file: string; readonly size: number } | undefined {
  const [device, inode, size] = identify(path)?.split(':') ?? []
  return size === undefined ? undefined : { file: `${device}:${inode}`, size: Number(size) }
}

type Entries = Pick<JournalView, 'shared' | 'count'>

function grow({ shared, count }: Entries, added: readonly JournalEntry[]): Entries {
  const entries = shared.length === count ? shared : shared.slice(0, count)
  for (const entry of added) entries.push(entry)
  return { shared: entries, count: entries.length }
}
