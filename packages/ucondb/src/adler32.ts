// The largest block whose 32-bit sums cannot overflow before the remainder is taken.
const BLOCK_BYTES = 3800
const MODULUS = 65_521

/**
 * Adler-32 checksum (RFC 1950, section 8.2) as an unsigned 32-bit number; 1 for no bytes. UconDB identifies a stored body by it.
 *
 * @example adler32(Buffer.from('Wikipedia')) // 0x11e60398
 */
export function adler32(bytes: Uint8Array): number {
  let sum = 1
  let sumOfSums = 0
  let at = 0
  while (at < bytes.length) {
    const end = Math.min(at + BLOCK_BYTES, bytes.length)
    const endOfEights = end - ((end - at) % 8)
    // Eight bytes a step in closed form, because adding them one by one makes every addition wait for the one before.
    while (at < endOfEights) {
      const b0 = byteAt(bytes, at)
      const b1 = byteAt(bytes, at + 1)
      const b2 = byteAt(bytes, at + 2)
      const b3 = byteAt(bytes, at + 3)
      const b4 = byteAt(bytes, at + 4)
      const b5 = byteAt(bytes, at + 5)
      const b6 = byteAt(bytes, at + 6)
      const b7 = byteAt(bytes, at + 7)
      sumOfSums = (sumOfSums + 8 * (sum + b0) + 7 * b1 + 6 * b2 + 5 * b3 + 4 * b4 + 3 * b5 + 2 * b6 + b7) | 0
      sum = (sum + b0 + b1 + b2 + b3 + b4 + b5 + b6 + b7) | 0
      at += 8
    }
    for (; at < end; at += 1) {
      sum += byteAt(bytes, at)
      sumOfSums += sum
    }
    sum %= MODULUS
    sumOfSums %= MODULUS
  }
  return ((sumOfSums << 16) | sum) >>> 0
}

function byteAt(bytes: Uint8Array, index: number): number {
  return (bytes[index] ?? 0) | 0
}
