import { StringDecoder } from 'node:string_decoder'

/** Cuts a stream into lines; of those that are too long only the beginning is told. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #maxLength: number
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''
  #isSkipping = false

  constructor(onLine: (line: string) => void, maxLength = 64 * 1024) {
    this.#onLine = onLine
    this.#maxLength = maxLength
  }

  push(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk))
  }

  end(): void {
    this.#take(this.#decoder.end())
    if (this.#rest !== '' && !this.#isSkipping) this.#onLine(this.#rest)
    this.#rest = ''
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!this.#isSkipping) this.#onLine(line.slice(0, this.#maxLength))
      this.#isSkipping = false
    }
    if (this.#rest.length <= this.#maxLength) return
    if (!this.#isSkipping) this.#onLine(this.#rest.slice(0, this.#maxLength))
    this.#isSkipping = true
    this.#rest = ''
  }
}
