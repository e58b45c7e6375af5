import { displayWidth, harmless, type Terminal } from '@holdfast/cli-kit'

export interface Cell {
  readonly text: string
  readonly style?: 'cyan' | 'red'
}

/** The lines that all commands are made of. Values are text and nothing else: no markup, no control characters. */
export class Console {
  readonly #terminal: Terminal
  #text = ''

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** All that was written, for the standard output. */
  get text(): string {
    return this.#text
  }

  blank(): this {
    this.#text += '\n'
    return this
  }

  title(text: string): this {
    return this.#line('', 'bold', text)
  }

  heading(text: string, style: 'cyan' | 'red', suffix: string = ''): this {
    this.#text += `${this.#terminal.style(['bold', style], text)}${this.#terminal.fit(suffix, text.length)}\n`
    return this
  }

  success(text: string): this {
    return this.#marked('✓', 'green', text)
  }

  warning(text: string): this {
    return this.#marked('!', 'yellow', text)
  }

  error(text: string): this {
    return this.#marked('✗', 'red', text)
  }

  info(text: string): this {
    return this.#marked('→', 'cyan', text)
  }

  count(label: string, count: number, style: 'green' | 'red'): this {
    this.#text += `  ${label}: ${this.#terminal.style(style, String(count))}\n`
    return this
  }

  /** `name: value`, indented. */
  field(name: string, value: string): this {
    const label = `    ${name}: `
    this.#text += `${label}${this.#terminal.fit(harmless(value), label.length)}\n`
    return this
  }

  id(id: string): this {
    return this.#line('  ', 'dim', id)
  }

  dim(text: string): this {
    return this.#line('  ', 'dim', text)
  }

  /** `first | second | …`, indented. Where a terminal is too narrow, the first is cut to make room for the others. */
  row(first: string, ...others: readonly Cell[]): this {
    const safe = others.map((cell) => ({ ...cell, text: harmless(cell.text) }))
    const rest = safe.map(({ text }) => ` | ${text}`).join('')
    const name = this.#terminal.fit(harmless(first), INDENT.length + displayWidth(rest))
    const { columns = Number.POSITIVE_INFINITY } = this.#terminal
    if (displayWidth(INDENT + name + rest) > columns) return this.raw(`${this.#terminal.fit(INDENT + name + rest)}\n`)
    const styled = safe.map(({ text, style }) => ` | ${style === undefined ? text : this.#terminal.style(style, text)}`)
    return this.raw(`${INDENT}${name}${styled.join('')}\n`)
  }

  /** Text as it is. */
  raw(text: string): this {
    this.#text += text
    return this
  }

  #marked(mark: string, style: 'green' | 'yellow' | 'red' | 'cyan', text: string): this {
    const styles = style === 'red' ? (['bold', 'red'] as const) : ([style] as const)
    this.#text += `  ${this.#terminal.style([...styles], mark)} ${harmless(text)}\n`
    return this
  }

  #line(indent: string, style: 'bold' | 'dim', text: string): this {
    const safe = this.#terminal.fit(harmless(text), indent.length)
    this.#text += `${indent}${this.#terminal.style(style, safe)}\n`
    return this
  }
}

const INDENT = '    '
