import { quotedSequence } from './fhicl-value.js'
import { joinLines, splitLines, splitWords, trim } from './run-record-text.js'

/** Makes ranks.fcl of ranks.txt: a table with the column heads and a row for each rank, which is the fifth column. */
export function convertRanks(text: string): string {
  const rows = splitLines(text)
    .map(trim)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(splitWords)
  const [header, ...ranks] = rows
  if (header === undefined) return ''
  const lines = ranks.flatMap((row) => {
    const rank = row[4]
    return rank === undefined ? [] : [`  rank${rank}: ${quotedSequence(row)}`]
  })
  return joinLines(['ranks: {', `  header: ${quotedSequence(header)}`, ...lines, '}'])
}
