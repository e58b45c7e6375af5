import { blank, joinLines, replaceNonAscii, splitLines, trim, trimWhere } from './run-record-text.js'

const exported = new RegExp(`^export${blank}+([A-Za-z_][A-Za-z0-9_]*)${blank}*=${blank}*(.*)$`)

/**
 * Makes environment.fcl of environment.txt. Lines that export nothing are left out. Backslashes are not escaped, so a
 * value that ends in one is refused when it is stored.
 */
export function convertEnvironment(text: string): string {
  const output: string[] = []
  for (const line of splitLines(text)) {
    const match = exported.exec(trim(line))
    if (match === null) continue
    const [, name = '', value = ''] = match
    const bare = trimWhere(trim(value), (character) => character === '"' || character === "'")
    output.push(`${name}: "${replaceNonAscii(bare).replaceAll('"', '\\"')}"`)
  }
  return joinLines(output)
}
