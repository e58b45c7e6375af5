import { blank, joinLines, splitLines, trim } from './run-record-text.js'

const isBlank = new RegExp(blank)

/** Makes known_boardreaders_list.fcl of known_boardreaders_list.txt: one sequence for each board reader. */
export function convertKnownBoardreadersList(text: string): string {
  const output: string[] = []
  for (const original of splitLines(text)) {
    const line = trim(original)
    if (line === '' || line.startsWith('#')) continue
    const [key, ...values] = splitQuotedWords(line)
    if (key === undefined || values.length === 0) continue
    const quoted = values.map((value) => (isQuoted(value) ? value : `"${value}"`))
    output.push(`${key}: [${quoted.join(', ')}${values.some(isQuoted) ? ' ]' : ']'}`)
  }
  return joinLines(output)
}

function isQuoted(word: string): boolean {
  return word.startsWith('"') && word.endsWith('"')
}

/** Splits at blanks outside double quotes. A closing quote ends its word, the quotes stay. */
function splitQuotedWords(line: string): string[] {
  const words: string[] = []
  let word = ''
  let quoted = false
  for (const character of line) {
    if (character === '"') {
      word += character
      if (quoted) {
        words.push(word)
        word = ''
      }
      quoted = !quoted
    } else if (!quoted && isBlank.test(character)) {
      if (word !== '') words.push(word)
      word = ''
    } else {
      word += character
    }
  }
  if (word !== '') words.push(word)
  return words
}
