/** phase4: the sound of one chunk. Every fourth is refused at its first attempt, as by a service that is busy. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { tell } from './tell.mjs'
import { encodeWav, SAMPLE_RATE } from './wav.mjs'

const SCALE = [0, 2, 4, 7, 9]
const LETTER_S = 0.02
const PAUSE_S = 0.06
/** What a real voice would take. */
const WORK_MS = 250

const [input, output, pitch, attempt] = process.argv.slice(2)
const number = Number(/\d+/.exec(basename(input))?.[0] ?? 0)
if (number % 4 === 0 && attempt === '1') {
  console.error(`The voice is busy; try ${basename(input)} again`)
  process.exit(75)
}
const parts = []
const words = readFileSync(input, 'utf8').trim().split(/\s+/)
for (const [index, word] of words.entries()) {
  for (const letter of word.toLowerCase().match(/\p{L}/gu) ?? []) parts.push(tone(letter.codePointAt(0)))
  parts.push(new Float64Array(PAUSE_S * SAMPLE_RATE))
  if (index % 10 === 9) {
    await wait((WORK_MS * 10) / words.length)
    tell({ progress: (index + 1) / words.length })
  }
}
const samples = Int16Array.from(
  parts.flatMap((part) => [...part]),
  (sample) => Math.round(sample * 12_000),
)
writeFileSync(output, encodeWav(samples))
tell({ metric: { name: 'audio_seconds', value: Math.round((samples.length / SAMPLE_RATE) * 100) / 100 } })
console.log(`${words.length} words, ${samples.length} samples`)

function tone(code) {
  const note = SCALE[code % SCALE.length] + 12 * (code % 2)
  const frequency = Number(pitch) * 2 ** (note / 12)
  const length = LETTER_S * SAMPLE_RATE
  return Float64Array.from(
    { length },
    (_, at) => Math.sin((2 * Math.PI * frequency * at) / SAMPLE_RATE) * Math.sin((Math.PI * at) / length),
  )
}
