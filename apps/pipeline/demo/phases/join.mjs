/** phase5: one file of all chunks, and at which second each begins. */
import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { tell } from './tell.mjs'
import { encodeWav, readWav, SAMPLE_RATE } from './wav.mjs'

const [book, marks, ...chunks] = process.argv.slice(2)
let length = 0
const lines = []
const sounds = chunks.map((path) => {
  const samples = readWav(path)
  lines.push(`${(length / SAMPLE_RATE).toFixed(2)} ${basename(path, '.wav')}`)
  length += samples.length
  return samples
})
const whole = new Int16Array(length)
let at = 0
for (const samples of sounds) {
  whole.set(samples, at)
  at += samples.length
}
writeFileSync(book, encodeWav(whole))
writeFileSync(marks, `${lines.join('\n')}\n`)
tell({ metric: { name: 'audio_seconds', value: Math.round(length / SAMPLE_RATE) } })
console.log(`${chunks.length} chunks, ${(length / SAMPLE_RATE).toFixed(1)} s`)
