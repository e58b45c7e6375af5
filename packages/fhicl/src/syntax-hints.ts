import type { FhiclSyntaxError } from './errors.js'
import type { FhiclCursor } from './fhicl-cursor.js'

const keyHint = 'A key begins with a letter or _ and goes on with letters, digits and _'

/** What is wrong where a definition should begin at `start`; `key` is what was read of it. */
export function explainEntry(cursor: FhiclCursor, start: number, key: string | undefined): FhiclSyntaxError {
  const { text } = cursor
  if (key !== undefined) {
    if (key === 'BEGIN_PROLOG') {
      return cursor.expected(
        'no prolog here',
        'Prologs stand one after another at the beginning, before every other line',
        start,
      )
    }
    if (key === 'END_PROLOG') return cursor.expected('a BEGIN_PROLOG before this END_PROLOG', undefined, start)
    if (text.startsWith('@', cursor.offset)) {
      return cursor.expected(
        '":"',
        'Only @protect_ignore: and @protect_error: may stand here, without a blank before the colon',
      )
    }
    const dotted = text.startsWith('.', cursor.offset)
    return cursor.expected(`":" after the key "${key}"`, dotted ? 'Only keys at top level may have dots' : undefined)
  }
  switch (text.charAt(start)) {
    case ',':
      return cursor.expected('the next definition', 'Remove the comma; definitions are not separated by commas', start)
    case '@':
      return cursor.expected('a key', 'A snippet is stored as it is; @table:: cannot be resolved in it', start)
    case '.':
    case ':':
    case '[':
      return cursor.expected(
        'the next definition',
        'A bare value ends before this character; put the value in quotes',
        start,
      )
    case ']':
    case '}':
    case ')':
      return cursor.expected('the next definition', 'Nothing is open here that this bracket could close', start)
    default:
      return explainKey(cursor, start)
  }
}

/** What is wrong with the bare value at the cursor. */
export function explainBareValue(cursor: FhiclCursor): FhiclSyntaxError {
  const { text, offset } = cursor
  const bare = /[\w.:@+-]*/y
  bare.lastIndex = offset
  bare.test(text)
  if (bare.lastIndex === offset) return cursor.expected('a value')
  return cursor.expected(
    'a value',
    'A value without quotes is a number or a single word; put this one in double quotes',
  )
}

/** What is wrong with a quoted string. */
export function explainQuoted(
  cursor: FhiclCursor,
  { problem, offset }: { readonly problem: 'unclosed' | 'escape' | 'control' | 'joined'; readonly offset: number },
): FhiclSyntaxError {
  switch (problem) {
    case 'unclosed':
      return cursor.expected(
        'a closing quote for the string opened here',
        'A backslash directly before a quote keeps the string open; a string in double quotes cannot end with one',
        offset,
      )
    case 'escape':
      return cursor.expected(
        'one of \\" \\\' \\\\ \\n \\t',
        'Write the backslash twice, or put the string in single quotes',
        offset,
      )
    case 'control':
      return cursor.expected(
        'printable characters, line ends or tabs in the string',
        'Remove the control character',
        offset,
      )
    case 'joined':
      return cursor.expected(
        'a blank after the string',
        'Put a blank behind the closing quote, also before a comment',
        offset,
      )
  }
}

function explainKey(cursor: FhiclCursor, start: number): FhiclSyntaxError {
  const word = /\w*/y
  word.lastIndex = start
  word.test(cursor.text)
  const end = word.lastIndex
  const beginsWithDigit = /\d/.test(cursor.text.charAt(start))
  return end === start || beginsWithDigit
    ? cursor.expected('a key', keyHint, start)
    : cursor.expected('":" or a blank after the key', keyHint, end)
}
