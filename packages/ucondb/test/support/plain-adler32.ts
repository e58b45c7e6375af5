/** The checksum by its definition, independent of the package's own. */
export function zlibAdler32(bytes: Uint8Array): number {
  let sum = 1
  let sumOfSums = 0
  for (const byte of bytes) {
    sum = (sum + byte) % 65_521
    sumOfSums = (sumOfSums + sum) % 65_521
  }
  return sumOfSums * 65_536 + sum
}
