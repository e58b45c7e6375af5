/**
 * One word for a POSIX shell, csh or fish that stands for exactly this text. ssh joins its arguments with blanks and gives them to the shell of
 * the other host, so each has to be quoted once.
 *
 * @throws RangeError for characters that not every shell keeps inside quotes.
 * @example quoteForShell("it's") // `'it'\''s'`
 */
export function quoteForShell(word: string): string {
  if (UNQUOTABLE.test(word)) throw new RangeError(`Cannot quote ${JSON.stringify(word)} for a remote shell`)
  return `'${word.replaceAll("'", `'\\''`)}'`
}

// csh ends a quoted word at a line feed and replaces `!` inside it; fish treats `\\` and `\'` inside it specially.
const UNQUOTABLE = /[\p{Cc}!\\]/u
