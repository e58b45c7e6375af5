/** phase2: what is to be read, one line for each paragraph: no page numbers, no words cut in two. */
import { readFileSync, writeFileSync } from 'node:fs'

const [input, output] = process.argv.slice(2)
const paragraphs = readFileSync(input, 'utf8')
  .replaceAll(/^ *- \d+ -$/gm, '')
  .split(/\n\s*\n/)
  .map((paragraph) =>
    paragraph
      .replaceAll(/(\p{L})-\n(\p{L})/gu, '$1$2')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  )
  .filter((paragraph) => paragraph !== '')
writeFileSync(output, `${paragraphs.join('\n')}\n`)
console.log(`${paragraphs.length} paragraphs`)
