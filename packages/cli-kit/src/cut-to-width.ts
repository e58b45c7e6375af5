import { createRequire } from 'node:module'

/** The text, or its beginning with `…` in at most so many columns (one at least). Never cuts through what a reader sees as one character. */
export function cutToWidth(text: string, columns: number): string {
  const room = Math.max(columns, 1)
  if (displayWidth(text) <= room) return text
  let kept = ''
  let width = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += displayWidth(segment)
    if (width > room - 1) break
    kept += segment
  }
  return `${kept}…`
}

/** How many columns of a terminal the text takes. */
export function displayWidth(text: string): number {
  return ASCII.test(text) ? text.length : loadStringWidth().default(text)
}

/** Its tables take longer to load than most commands take to run, and are seldom needed. */
function loadStringWidth(): typeof import('string-width') {
  return createRequire(import.meta.url)('string-width')
}

const ASCII = /^[ -~]*$/
