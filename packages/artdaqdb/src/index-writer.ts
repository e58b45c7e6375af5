import { INDEX_SECTIONS, type SearchIndex } from './search-index.js'

/** What the original writes into a new index.json. */
export const EMPTY_INDEX_TEXT =
  '{"ouid":[], "version":{},"configurations.name":{}, "entities.name":{},"aliases.active.name":{}, "runs.name":{},"configurations.assigned":{} }'

/** The bytes of index.json as the original writes them: names in first-seen order, every list sorted and without repetition. */
export function writeIndex(index: SearchIndex): Buffer {
  const out = new ByteBuffer()
  out.text('{\n"ouid" : ')
  writeOids(out, index, index.listed)
  for (const section of INDEX_SECTIONS) {
    const names = index.sections[section]
    out.text(`,\n"${section}" : `)
    writeMembers(out, names.names(), (name) => writeOids(out, index, names.documents(name)))
  }
  out.text(',\n"configurations.assigned" : ')
  writeMembers(out, [...index.assigned.keys()], (name) => writeTimes(out, index.assigned.get(name) ?? []))
  out.text('\n}')
  return out.bytes()
}

const QUOTE = 0x22

function writeMembers(out: ByteBuffer, names: readonly string[], value: (name: string) => void): void {
  let separator = '{\n'
  for (const name of names) {
    out.text(`${separator}"${name}" : `)
    separator = ',\n'
    value(name)
  }
  out.text(names.length === 0 ? '{\n\n}' : '\n}')
}

function writeOids(out: ByteBuffer, index: SearchIndex, ids: readonly number[]): void {
  const { oids } = index
  const sorted = isSorted(ids, index) ? ids : ids.toSorted((a, b) => oids.compare(a, b))
  let previous = -1
  for (const id of sorted) {
    if (id === previous) continue
    out.text(previous < 0 ? '[\n' : ',\n')
    previous = id
    out.reserve(26, (bytes, offset) => {
      bytes[offset] = QUOTE
      oids.writeTo(bytes, offset + 1, id)
      bytes[offset + 25] = QUOTE
    })
  }
  out.text(previous < 0 ? '[\n\n]' : '\n]')
}

function isSorted(ids: readonly number[], index: SearchIndex): boolean {
  for (let at = 1; at < ids.length; at += 1) {
    if (index.oids.compare(ids[at - 1] ?? 0, ids[at] ?? 0) > 0) return false
  }
  return true
}

function writeTimes(out: ByteBuffer, times: readonly string[]): void {
  const unique = [...new Set(times)].sort()
  out.text(unique.length === 0 ? '[\n\n]' : `[\n"${unique.join('",\n"')}"\n]`)
}

/** Text of unknown length; an index may be longer than a JavaScript string should be. */
class ByteBuffer {
  #bytes = Buffer.allocUnsafe(1 << 16)
  #length = 0

  text(text: string): void {
    // Three bytes hold any UTF-16 unit.
    this.#grow(text.length * 3)
    this.#length += this.#bytes.write(text, this.#length, 'utf8')
  }

  reserve(length: number, write: (bytes: Buffer, offset: number) => void): void {
    this.#grow(length)
    write(this.#bytes, this.#length)
    this.#length += length
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #grow(length: number): void {
    if (this.#length + length <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + length))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
