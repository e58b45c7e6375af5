import { findFrame } from './run-blob-format.js'

/**
 * Whether two bodies are the same run record: equal bytes but for the two "Packed on" lines that frame a run blob, which change with every
 * packing. Such lines inside a file count like any other text. Bodies that are not run blobs must be equal.
 *
 * @example await archive.put('18255', blob, { equivalent: sameRunBlob })
 */
export function sameRunBlob(a: Uint8Array, b: Uint8Array): boolean {
  if (Buffer.compare(a, b) === 0) return true
  const frameA = findFrame(a)
  const frameB = findFrame(b)
  if ('problems' in frameA || 'problems' in frameB) return false
  if (frameA.runNumber !== frameB.runNumber) return false
  if (frameA.endsInLineFeed !== frameB.endsInLineFeed) return false
  return Buffer.compare(a.subarray(frameA.start, frameA.end), b.subarray(frameB.start, frameB.end)) === 0
}
