/** phase3: pieces that are small enough to be spoken, cut at the ends of sentences. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [input, folder, limit] = process.argv.slice(2)
const chunks = []
for (const paragraph of readFileSync(input, 'utf8').trim().split('\n')) {
  let chunk = []
  for (const sentence of paragraph.match(/[^.!?]+[.!?]*\s*/g) ?? []) {
    const words = sentence.trim().split(' ')
    if (chunk.length > 0 && chunk.length + words.length > Number(limit)) {
      chunks.push(chunk)
      chunk = []
    }
    chunk.push(...words)
  }
  if (chunk.length > 0) chunks.push(chunk)
}
// Those of another cut would be taken for some of this one.
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const [index, words] of chunks.entries()) {
  writeFileSync(join(folder, `chunk_${String(index + 1).padStart(2, '0')}.txt`), `${words.join(' ')}\n`)
}
console.log(`${chunks.length} chunks`)
