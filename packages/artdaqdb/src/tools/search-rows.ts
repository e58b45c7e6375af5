const MAX_ROW_CHARACTERS = 1_000_000
const START = /"search"\s*:\s*\[/
// Enough to recognise the beginning across two pieces of output.
const CARRY = 64

/** The answer ended too early, or what looked like one was none. */
export class AnswerFormatError extends Error {
  override readonly name = 'AnswerFormatError'
}

/**
 * Takes the rows out of an answer `{ "search": [ {…}, {…} ] }` while it comes in, so that memory does not grow with it: the list of all
 * documents of a large database has hundreds of megabytes. Text around the answer, such as trace lines, is passed over.
 */
export class SearchRows {
  readonly #onRow: (row: unknown) => void
  readonly #decoder = new TextDecoder()
  #state: 'before' | 'rows' | 'after' = 'before'
  #text = ''
  #depth = 0
  #inString = false
  #escaped = false

  constructor(onRow: (row: unknown) => void) {
    this.#onRow = onRow
  }

  /** @throws AnswerFormatError */
  add(bytes: Buffer): void {
    if (this.#state === 'after') return
    let text = this.#decoder.decode(bytes, { stream: true })
    if (this.#state === 'before') {
      text = this.#text + text
      const start = START.exec(text)
      if (start === null) {
        this.#text = text.slice(-CARRY)
        return
      }
      this.#state = 'rows'
      this.#text = ''
      text = text.slice(start.index + start[0].length)
    }
    this.#scan(text)
  }

  /** @throws AnswerFormatError when the answer is not whole. */
  end(): void {
    if (this.#state !== 'after')
      throw new AnswerFormatError(this.#state === 'before' ? 'it holds no answer' : 'the answer is cut off')
  }

  #scan(text: string): void {
    let rowStart = this.#depth > 0 ? 0 : -1
    for (let at = 0; at < text.length; at += 1) {
      const character = text.charCodeAt(at)
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (character === BACKSLASH) this.#escaped = true
        else if (character === QUOTE) this.#inString = false
      } else if (character === QUOTE && this.#depth > 0) this.#inString = true
      else if (character === OPENING_BRACE || character === OPENING_BRACKET) {
        if (this.#depth === 0) rowStart = at
        this.#depth += 1
      } else if (character === CLOSING_BRACE || character === CLOSING_BRACKET) {
        if (this.#depth === 0) {
          this.#state = 'after'
          return
        }
        this.#depth -= 1
        if (this.#depth === 0) {
          this.#deliver(this.#text + text.slice(rowStart, at + 1))
          this.#text = ''
          rowStart = -1
        }
      } else if (this.#depth === 0 && !' \t\r\n,'.includes(text.charAt(at)))
        throw new AnswerFormatError('it holds something else than rows')
    }
    if (this.#depth === 0) return
    this.#text += text.slice(rowStart)
    if (this.#text.length > MAX_ROW_CHARACTERS) throw new AnswerFormatError('a row of it does not end')
  }

  #deliver(text: string): void {
    let row: unknown
    try {
      row = JSON.parse(text)
    } catch (cause) {
      throw new AnswerFormatError('a row of it is not JSON', { cause })
    }
    this.#onRow(row)
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d
const OPENING_BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d
