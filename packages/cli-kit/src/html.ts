import { stripVTControlCharacters } from 'node:util'

/** Text that is HTML already. Only `html` and constants of an app make it, so that no data gets into a page unescaped. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in a template: texts are escaped, lists are joined, `undefined` is nothing. */
export type HtmlValue = string | number | undefined | Html | readonly HtmlValue[]

/** @example html`<td title="${path}">${name}</td>` */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts.map((part, index) => part + toText(values[index])).join(''))
}

function toText(value: HtmlValue): string {
  if (value === undefined) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(toText).join('')
  return escapeHtml(String(value))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Control characters but for line ends and tabs, and those that turn the direction of text around: they act without being seen. */
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff\p{Noncharacter_Code_Point}]/gu

/** For text and for values of attributes in quotes. */
export function escapeHtml(text: string): string {
  return stripVTControlCharacters(text)
    .toWellFormed()
    .replaceAll(INVISIBLE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
    .replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
}
