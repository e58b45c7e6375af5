import { styleText } from 'node:util'
import { cutToWidth } from './cut-to-width.js'
import type { OutputStream, ProcessLike } from './process-like.js'

export type Style = Parameters<typeof styleText>[0]

/** How text is to be shown on a stream. */
export interface Terminal {
  readonly isTerminal: boolean
  /** Its width; `undefined` for what is none, or does not know its width. */
  readonly columns: number | undefined
  /** Lets a text be seen in a style; without colour it stays as it is. */
  style(style: Style, text: string): string
  /** Cuts a line to what is left of the terminal's width beside `taken` columns. What goes into a pipe or file is never cut. */
  fit(text: string, taken?: number): string
}

/**
 * Colour is only for terminals, and neither for dumb ones nor when NO_COLOR is set to anything but the empty text.
 *
 * @example const { style } = describeTerminal(process.stdout, process.env)
 */
export function describeTerminal(stream: Pick<OutputStream, 'isTTY' | 'columns'>, env: ProcessLike['env']): Terminal {
  const isTerminal = stream.isTTY === true
  const noColor = env.NO_COLOR !== undefined && env.NO_COLOR !== ''
  const hasColor = isTerminal && !noColor && env.TERM !== 'dumb'
  const columns = isTerminal && (stream.columns ?? 0) > 0 ? stream.columns : undefined
  return {
    isTerminal,
    columns,
    style: (style, text) => (hasColor ? styleText(style, text, { validateStream: false }) : text),
    fit: (text, taken = 0) => (columns === undefined ? text : cutToWidth(text, columns - taken)),
  }
}
