const HEAD_BYTES = 16 * 1024
const TAIL_BYTES = 48 * 1024

/** Keeps the beginning and the end of an output of any length. */
export class OutputEnds {
  readonly #head: Buffer[] = []
  #headBytes = 0
  #tail: Buffer = Buffer.alloc(0)
  #skipped = 0

  add(bytes: Buffer): void {
    const forHead = bytes.subarray(0, HEAD_BYTES - this.#headBytes)
    if (forHead.length > 0) this.#head.push(Buffer.from(forHead))
    this.#headBytes += forHead.length
    const tail = Buffer.concat([this.#tail, bytes.subarray(forHead.length)])
    const surplus = Math.max(0, tail.length - TAIL_BYTES)
    this.#skipped += surplus
    this.#tail = tail.subarray(surplus)
  }

  text(): string {
    const head = Buffer.concat(this.#head).toString('utf8')
    const gap = this.#skipped === 0 ? '' : `\n(${this.#skipped} bytes left out)\n`
    return head + gap + this.#tail.toString('utf8')
  }
}
