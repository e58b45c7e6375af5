/** `${name}` in texts of a definition; `$${` stands for `${` itself. */

import { AttemptError } from './errors.js'

/** The values of a variable: one for most, several for the files of an output. `undefined`: there is no such variable. */
export type Lookup = (name: string) => readonly string[] | undefined

const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g
const ALONE = /^\$\{([^}]*)\}$/

/** The names of the variables in a text, in their order. */
export function findVariables(text: string): string[] {
  return [...text.matchAll(REFERENCE)].flatMap(([, name]) => (name === undefined ? [] : [name.trim()]))
}

/**
 * The text with its variables put in. A text that is nothing but one variable becomes as many texts as that has values; inside of a longer text a variable
 * must have exactly one.
 *
 * @throws RangeError for a variable that does not exist; AttemptError when it does not have one value, such as the output of a phase that failed
 */
export function expand(text: string, lookup: Lookup): string[] {
  const [, alone] = ALONE.exec(text) ?? []
  if (alone !== undefined) return [...valuesOf(alone.trim(), lookup)]
  return [
    text.replaceAll(REFERENCE, (_, name: string | undefined) => {
      if (name === undefined) return '${'
      const values = valuesOf(name.trim(), lookup)
      const [value] = values
      if (values.length === 1 && value !== undefined) return value
      const message = `\${${name}} has ${values.length} values, and inside '${text}' it must have one`
      throw new AttemptError('MissingInput', message)
    }),
  ]
}

/** For texts that must come to exactly one. @throws RangeError as `expand` */
export function expandOne(text: string, lookup: Lookup): string {
  const values = expand(text, lookup)
  const [value] = values
  if (values.length !== 1 || value === undefined)
    throw new AttemptError('MissingInput', `'${text}' has ${values.length} values, and must have one`)
  return value
}

function valuesOf(name: string, lookup: Lookup): readonly string[] {
  const values = lookup(name)
  if (values === undefined) throw new RangeError(`There is no variable \${${name}}`)
  return values
}
