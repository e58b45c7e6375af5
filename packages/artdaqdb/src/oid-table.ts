const HEX_DIGITS = Buffer.from('0123456789abcdef')
const WORDS = 3

/**
 * Numbers document ids from 0 in the order they are first seen, and keeps each in 12 bytes: a database of 8,000 runs names 800,000 documents
 * five times each in its index, for which strings would take ten times the memory.
 */
export class OidTable {
  #words = new Uint32Array(WORDS * 64)
  #slots = new Int32Array(256).fill(-1)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The number of an id. @throws RangeError when it does not have the form of one. */
  intern(oid: string): number {
    const bytes = Buffer.from(oid, 'latin1')
    const id = bytes.length === 24 ? this.internBytes(bytes, 0) : -1
    if (id < 0) throw new RangeError(`A document id must be 24 lower-case hex digits, not '${oid}'`)
    return id
  }

  /** The number of the id whose 24 digits begin at `offset`, -1 when they are not an id. */
  internBytes(bytes: Uint8Array, offset: number): number {
    const a = readWord(bytes, offset)
    const b = readWord(bytes, offset + 8)
    const c = readWord(bytes, offset + 16)
    if (a < 0 || b < 0 || c < 0) return -1
    return this.#intern(a, b, c)
  }

  text(id: number): string {
    const bytes = Buffer.alloc(24)
    this.writeTo(bytes, 0, id)
    return bytes.toString('latin1')
  }

  /** Writes the 24 digits of an id. */
  writeTo(bytes: Uint8Array, offset: number, id: number): void {
    for (let word = 0; word < WORDS; word += 1) {
      const value = this.#words[id * WORDS + word] ?? 0
      for (let digit = 0; digit < 8; digit += 1) {
        bytes[offset + word * 8 + digit] = HEX_DIGITS[(value >>> (28 - digit * 4)) & 15] ?? 0
      }
    }
  }

  /** Order of the ids' text. */
  compare(a: number, b: number): number {
    for (let word = 0; word < WORDS; word += 1) {
      const difference = (this.#words[a * WORDS + word] ?? 0) - (this.#words[b * WORDS + word] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }

  #intern(a: number, b: number, c: number): number {
    const mask = this.#slots.length - 1
    // The ids are random, but a foreign one may be counted up, so all of it goes into the slot.
    for (let slot = (a ^ Math.imul(b, 0x9e3779b1) ^ Math.imul(c, 0x85ebca6b)) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] ?? -1
      if (id < 0) {
        this.#slots[slot] = this.#size
        return this.#append(a, b, c)
      }
      const at = id * WORDS
      if (this.#words[at] === a && this.#words[at + 1] === b && this.#words[at + 2] === c) return id
    }
  }

  #append(a: number, b: number, c: number): number {
    const id = this.#size
    if ((id + 1) * WORDS > this.#words.length) {
      const grown = new Uint32Array(this.#words.length * 2)
      grown.set(this.#words)
      this.#words = grown
    }
    this.#words.set([a, b, c], id * WORDS)
    this.#size += 1
    if (this.#size * 2 > this.#slots.length) this.#rehash()
    return id
  }

  #rehash(): void {
    const mask = this.#slots.length * 2 - 1
    this.#slots = new Int32Array(mask + 1).fill(-1)
    for (let id = 0; id < this.#size; id += 1) {
      const at = id * WORDS
      const [a, b, c] = [this.#words[at] ?? 0, this.#words[at + 1] ?? 0, this.#words[at + 2] ?? 0]
      let slot = (a ^ Math.imul(b, 0x9e3779b1) ^ Math.imul(c, 0x85ebca6b)) & mask
      while ((this.#slots[slot] ?? -1) >= 0) slot = (slot + 1) & mask
      this.#slots[slot] = id
    }
  }
}

/** Eight hex digits as a number, -1 when one of them is none. */
function readWord(bytes: Uint8Array, offset: number): number {
  let value = 0
  for (let at = offset; at < offset + 8; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte >= 48 && byte <= 57) value = value * 16 + byte - 48
    else if (byte >= 97 && byte <= 102) value = value * 16 + byte - 87
    else return -1
  }
  return value
}
