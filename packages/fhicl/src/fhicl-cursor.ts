import { FhiclSyntaxError } from './errors.js'
import { describeFound, positionAt } from './source-text.js'

const includeStart = /#include[ \t\v\f]+(?=["'])/y

/**
 * The place a reader has reached in the text: skips blanks and comments, counts lines, tells `#include` lines from
 * comments and knows how to complain.
 */
export class FhiclCursor {
  readonly text: string
  readonly source: string
  offset = 0
  line = 1

  constructor(text: string, source: string) {
    this.text = text
    this.source = source
  }

  /** Skips blanks and comments. An `#include` line that begins here is refused. */
  skip(): void {
    if (this.skipToInclude()) {
      throw this.expected(
        'the rest of the value before this line',
        'An #include may only stand between two definitions',
      )
    }
  }

  /** Skips blanks and comments; true when it stopped at an `#include` line. */
  skipToInclude(): boolean {
    const { text } = this
    let at = this.offset
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === 0x20 || code === 0x09 || code === 0x0b || code === 0x0c) {
        at++
      } else if (code === 0x0a) {
        at++
        this.line++
      } else if (code === 0x23 || (code === 0x2f && text.charCodeAt(at + 1) === 0x2f)) {
        this.offset = at
        if (code === 0x23 && this.isInclude()) return true
        const end = text.indexOf('\n', at)
        at = end === -1 ? text.length : end
      } else {
        this.offset = at
        return false
      }
    }
  }

  /** Moves past `#include` and the blanks behind it, to the quoted name. */
  enterInclude(): void {
    includeStart.lastIndex = this.offset
    includeStart.test(this.text)
    this.offset = includeStart.lastIndex
  }

  /** Moves to `end` inside or behind a token that may span lines. */
  moveTo(end: number): void {
    for (let at = this.offset; at < end; at++) {
      if (this.text.charCodeAt(at) === 0x0a) this.line++
    }
    this.offset = end
  }

  /** The error for this place, or for `offset`. */
  expected(what: string, hint?: string, offset: number = this.offset): FhiclSyntaxError {
    return new FhiclSyntaxError({
      source: this.source,
      ...positionAt(this.text, offset),
      expected: what,
      found: describeFound(this.text, offset),
      ...(hint === undefined ? {} : { hint }),
    })
  }

  /**
   * True for an `#include "name"` line. The word may also stand in comments, where it means nothing; only a line that
   * begins with it in the first column and does not go on as it must is an error.
   */
  private isInclude(): boolean {
    if (!this.text.startsWith('#include', this.offset)) return false
    const lineStart = this.text.lastIndexOf('\n', this.offset - 1) + 1
    const first = this.offset === 0 || lineStart === this.offset
    includeStart.lastIndex = this.offset
    if (includeStart.test(this.text)) return first || this.text.slice(lineStart, this.offset).trim() === ''
    if (!first) return false
    throw this.expected(
      'a blank and a quoted file name after #include',
      'Write #include "name.fcl", or put a blank before the # if the line is a comment',
    )
  }
}
