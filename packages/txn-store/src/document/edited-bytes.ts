/** A text as UTF-8 that is edited in place, so that a small change of a large one costs no more than moving the rest of it. */

interface Edit {
  /** What of the old text it replaces. */
  readonly start: number
  readonly end: number
  readonly pieces: Buffer[]
  /** Not yet among the pieces. */
  pending: string
  bytes: number
}

export class EditedBytes {
  #space: Buffer = Buffer.alloc(0)
  #length = 0
  #edits: Edit[] = []
  /** Of a text that is written anew: what does not stand in the space yet. */
  #pending = ''

  get length(): number {
    return this.#length
  }

  /** Forgets the text; what is added next is a new one. Written straight to where it stays, a large one takes its own memory only once. */
  restart(expectedBytes: number): void {
    this.#edits = []
    this.#pending = ''
    this.#length = 0
    if (this.#space.length < expectedBytes) this.#space = spaceFor(expectedBytes)
  }

  /** Replaces a range of the old text by what is added next. Ranges come in their order and do not overlap. */
  cut(start: number, end: number): void {
    this.#edits.push({ start, end, pieces: [], pending: '', bytes: 0 })
  }

  /** Adds to the replacement of the last range, or else to the new text. Returns the number of bytes. */
  add(text: string): number {
    const bytes = Buffer.byteLength(text)
    const edit = this.#edits.at(-1)
    if (edit === undefined) {
      this.#pending += text
      if (this.#pending.length > PIECE_LENGTH) this.#writePending()
      return bytes
    }
    edit.pending += text
    edit.bytes += bytes
    // As bytes it takes less memory than as thousands of strings.
    if (edit.pending.length > PIECE_LENGTH) flush(edit)
    return bytes
  }

  /** Makes the edits. The bytes are good until the next call. */
  apply(): Buffer {
    this.#writePending()
    const edits = this.#edits
    this.#edits = []
    const length = edits.reduce((sum, { start, end, bytes }) => sum + bytes - (end - start), this.#length)
    const old = this.#space
    const isInPlace = length <= old.length
    const target = isInPlace ? old : spaceFor(length)
    moveKept(old, this.#length, target, edits)
    let shift = 0
    for (const edit of edits) {
      flush(edit)
      let at = edit.start + shift
      for (const piece of edit.pieces) {
        target.set(piece, at)
        at += piece.length
      }
      shift += edit.bytes - (edit.end - edit.start)
    }
    this.#space = target
    this.#length = length
    return target.subarray(0, length)
  }

  #writePending(): void {
    if (this.#pending === '') return
    const end = this.#length + Buffer.byteLength(this.#pending)
    if (end > this.#space.length) {
      const larger = spaceFor(Math.max(end, 2 * this.#length))
      this.#space.copy(larger, 0, 0, this.#length)
      this.#space = larger
    }
    this.#space.write(this.#pending, this.#length, 'utf8')
    this.#length = end
    this.#pending = ''
  }
}

/** A little more than needed, so that a text that grows slowly does not move each time. */
function spaceFor(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes + (bytes >> 3) + 64)
}

const PIECE_LENGTH = 64 * 1024

function flush(edit: Edit): void {
  if (edit.pending === '') return
  edit.pieces.push(Buffer.from(edit.pending, 'utf8'))
  edit.pending = ''
}

interface Kept {
  readonly start: number
  readonly end: number
  readonly shift: number
}

/** Moves what lies between the edits to its new place. Nothing is written over that has not been moved: first all that goes to the left, from the left; then the others, from the right. */
function moveKept(old: Buffer, oldLength: number, target: Buffer, edits: readonly Edit[]): void {
  const kept: Kept[] = []
  let start = 0
  let shift = 0
  for (const edit of edits) {
    kept.push({ start, end: edit.start, shift })
    start = edit.end
    shift += edit.bytes - (edit.end - edit.start)
  }
  kept.push({ start, end: oldLength, shift })
  if (target !== old) {
    for (const { start, end, shift } of kept) old.copy(target, start + shift, start, end)
    return
  }
  for (const part of kept) if (part.shift < 0) move(target, part)
  for (const part of kept.reverse()) if (part.shift > 0) move(target, part)
}

function move(bytes: Buffer, { start, end, shift }: Kept): void {
  bytes.copyWithin(start + shift, start, end)
}
