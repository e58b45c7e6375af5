/** phase1: is this a text that can be read aloud? */
import { readFileSync, writeFileSync } from 'node:fs'
import { tell } from './tell.mjs'

const [input, report] = process.argv.slice(2)
const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(input))
const words = text.match(/\p{L}+/gu)?.length ?? 0
if (words === 0) throw new Error(`'${input}' has no words`)
writeFileSync(
  report,
  JSON.stringify({ input, characters: text.length, words, title: text.trim().split('\n')[0] }, null, 2),
)
tell({ metric: { name: 'words', value: words } })
console.log(`${words} words`)
