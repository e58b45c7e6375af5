import type { FhiclComment } from './fhicl-document.js'

/**
 * Answers which comment belongs to a value. Values come in line order, so the last answer is kept: a sequence of a
 * million numbers on one line asks once.
 */
export class LineComments {
  private readonly byLine: ReadonlyMap<number, string>
  private line = -1
  private lastComment = ''
  private lastAnnotation = ''

  constructor(comments: readonly FhiclComment[]) {
    this.byLine = new Map(comments.map(({ line, text }) => [line, text]))
  }

  /** The comment on the line above, when it is a `#` comment and does not speak of an include. */
  commentAbove(line: number): string {
    this.moveTo(line)
    return this.lastComment
  }

  /** The comment at the end of the line. */
  annotationOf(line: number): string {
    this.moveTo(line)
    return this.lastAnnotation
  }

  private moveTo(line: number): void {
    if (line === this.line) return
    const above = this.byLine.get(line - 1) ?? ''
    this.line = line
    this.lastAnnotation = this.byLine.get(line) ?? ''
    this.lastComment = above.startsWith('#') && !above.includes('#include ') ? above : ''
  }
}
