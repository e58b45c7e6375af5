const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}
const UNESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** Escapes text as the database does: these seven characters and no others. */
export function escapeText(text: string): string {
  return text.replace(/["\\\b\f\n\r\t]/g, (character) => ESCAPES[character] ?? character)
}

/** The text between two quotes of the database's JSON; like the original it leaves `\u` escapes as they stand. */
export function unescapeText(raw: string): string {
  if (!raw.includes('\\')) return raw
  return raw.replace(/\\([^u])/g, (_, character: string) => UNESCAPES[character] ?? character)
}
