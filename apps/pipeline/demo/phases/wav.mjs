/** Sound as WAV files: one channel, 16 bits, 8000 samples a second. */
import { readFileSync } from 'node:fs'

export const SAMPLE_RATE = 8000
const HEAD_BYTES = 44

/** @param {Int16Array} samples */
export function encodeWav(samples) {
  const file = Buffer.alloc(HEAD_BYTES + samples.length * 2)
  file.write('RIFF', 0)
  file.writeUInt32LE(file.length - 8, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20) // uncompressed
  file.writeUInt16LE(1, 22) // channels
  file.writeUInt32LE(SAMPLE_RATE, 24)
  file.writeUInt32LE(SAMPLE_RATE * 2, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(samples.length * 2, 40)
  for (const [index, sample] of samples.entries()) file.writeInt16LE(sample, HEAD_BYTES + index * 2)
  return file
}

/** The samples of a file that `encodeWav` has made; throws for one that is cut off or something else. */
export function readWav(path) {
  const file = readFileSync(path)
  const isWav =
    file.length >= HEAD_BYTES &&
    file.toString('latin1', 0, 4) === 'RIFF' &&
    file.toString('latin1', 8, 16) === 'WAVEfmt '
  if (!isWav) throw new Error(`'${path}' is not a WAV file`)
  const [whole, data] = [file.readUInt32LE(4) + 8, file.readUInt32LE(40)]
  if (whole !== file.length || data !== file.length - HEAD_BYTES) throw new Error(`'${path}' is cut off`)
  const samples = new Int16Array(data / 2)
  for (let index = 0; index < samples.length; index += 1) samples[index] = file.readInt16LE(HEAD_BYTES + index * 2)
  return samples
}
