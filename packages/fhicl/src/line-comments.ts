import type { FhiclComment } from './fhicl-document.js'

/**
 * Answers which comment belongs to a value. Values come in line order, so the last answer is kept: a sequence of a
 * million numbers on one line asks once.
 */
export class LineComments {
  private readonly comments: readonly FhiclComment[]
  private readonly byLine: ReadonlyMap<number, string>
  private line = -1
  private lastComment = ''
  private lastAnnotation = ''

  constructor(comments: readonly FhiclComment[]) {
    this.comments = comments
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

  /** Whether there is a comment on one of these lines. */
  isAnyOn(first: number, last: number): boolean {
    const { comments } = this
    let low = 0
    for (let high = comments.length; low < high; ) {
      const middle = (low + high) >> 1
      if ((comments[middle]?.line ?? 0) < first) low = middle + 1
      else high = middle
    }
    return (comments[low]?.line ?? last + 1) <= last
  }

  private moveTo(line: number): void {
    if (line === this.line) return
    const above = this.byLine.get(line - 1) ?? ''
    this.line = line
    this.lastAnnotation = this.byLine.get(line) ?? ''
    this.lastComment = above.startsWith('#') && !above.includes('#include ') ? above : ''
  }
}
