/** The check of phases 4 and 5: a WAV file that is whole and not silent. */
import { readWav, SAMPLE_RATE } from './wav.mjs'

const [path] = process.argv.slice(2)
const samples = readWav(path)
if (!samples.some((sample) => Math.abs(sample) > 1000)) throw new Error(`'${path}' is silent`)
console.log(`checked: ${(samples.length / SAMPLE_RATE).toFixed(1)} s`)
