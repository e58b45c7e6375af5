import type { FhiclComment } from './fhicl-document.js'

/**
 * Finds the comments the way the database does, which is not the way FHiCL defines them. The text is a run of
 * stretches, each ended by one comment. At the start of a stretch quotes protect `#` and `//`, without regard to
 * backslashes; the first empty string or quote without a partner ends that protection until the next comment. So
 * after `a: ""` a `#` inside a later string is taken for a comment. Stored documents show these comments, and the
 * exported text repeats them, so the rule is kept exactly.
 *
 * Expects ASCII text with LF line ends. The result is ordered by line, one comment for a line.
 */
export function findComments(text: string): FhiclComment[] {
  const found: FhiclComment[] = []
  const marker = new MarkerSearch(text)
  let position = 0
  let line = 1
  let counted = 0
  for (;;) {
    const start = marker.from(skipQuoted(text, position))
    if (start === -1) return found
    line += countLines(text, counted, start)
    counted = start
    const lineEnd = text.indexOf('\n', start)
    const end = lineEnd === -1 ? text.length : lineEnd
    found.push({ line, text: text.slice(start, end) })
    if (lineEnd === -1) return found
    position = lineEnd + 1
  }
}

/** Skips text and non-empty quoted strings; stops where the next comment has to be looked for. */
function skipQuoted(text: string, from: number): number {
  let position = from
  for (;;) {
    const stop = nextQuoteOrMarker(text, position)
    if (stop === -1) return text.length
    const quote = text.charAt(stop)
    if (quote !== '"' && quote !== "'") return stop
    const close = text.indexOf(quote, stop + 1)
    if (close === -1 || close === stop + 1) return stop
    position = close + 1
  }
}

function nextQuoteOrMarker(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // Digits, letters and most else, told by one comparison.
    if (code > 0x2f || code < 0x22) continue
    if (code === 0x22 || code === 0x27 || code === 0x23) return at
    if (code === 0x2f && text.charCodeAt(at + 1) === 0x2f) return at
  }
  return -1
}

/** Next `#` or `//`, whichever comes first; remembers both, so that the search stays linear. */
class MarkerSearch {
  private readonly text: string
  private hash = -2
  private slashes = -2

  constructor(text: string) {
    this.text = text
  }

  from(position: number): number {
    if (this.hash !== -1 && this.hash < position) this.hash = this.text.indexOf('#', position)
    if (this.slashes !== -1 && this.slashes < position) this.slashes = this.text.indexOf('//', position)
    if (this.hash === -1) return this.slashes
    return this.slashes === -1 ? this.hash : Math.min(this.hash, this.slashes)
  }
}

function countLines(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count++
  return count
}
