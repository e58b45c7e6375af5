/** A word of a command that people copy into a shell. */
export function quoteArgument(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
