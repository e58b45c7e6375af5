import { findVariables } from '../variables.js'

/**
 * The variables in a line for a shell that stand between quotes. They become quoted words by themselves: within other quotes that would end these, and what
 * the variable holds would be read as a part of the line.
 */
export function findQuotedVariables(line: string): string[] {
  const found: string[] = []
  // What the place at hand is in, innermost last: quotes, or `(` of a command or a group.
  const inside: string[] = []
  for (const [token] of line.matchAll(TOKEN)) {
    const place = inside.at(-1)
    const isQuoted = place === "'" || place === '"'
    if (token.startsWith('${')) {
      if (isQuoted) found.push(...findVariables(token))
    } else if (place === "'") {
      if (token === "'") inside.pop()
    } else if (token === '"' || token === '`') {
      if (place === token) inside.pop()
      else inside.push(token)
    } else if (token === '$(') inside.push('(')
    else if (place === '"' || token.length > 1) continue
    else if (token === "'" || token === '(') inside.push(token)
    else if (place === '(') inside.pop()
  }
  return found
}

/** Of two characters and more, what counts for nothing by itself: escapes, `$${`, comments. */
const TOKEN = /\\[\s\S]|\$\$\{|\$\{[^}]*\}|\$\(|(?<=^|[\s;&|(])#.*|["'`()]/g
