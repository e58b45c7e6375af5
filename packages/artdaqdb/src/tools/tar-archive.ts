/** The part of the tar format (ustar, with GNU and pax long names) that regular files need, in memory. */

export interface TarFile {
  /** Relative, without a leading `./`. */
  readonly name: string
  readonly data: Buffer
}

const BLOCK = 512
const NAME_BYTES = 100

/** @example packTar([{ name: 'boot.fcl', data }]) */
export function packTar(files: readonly TarFile[]): Buffer {
  const blocks: Buffer[] = []
  for (const { name, data } of files) {
    const nameBytes = Buffer.from(name)
    if (nameBytes.length > NAME_BYTES) {
      const longName = Buffer.concat([nameBytes, Buffer.alloc(1)])
      blocks.push(header(Buffer.from('././@LongLink'), longName.length, 'L'), padded(longName))
    }
    blocks.push(header(nameBytes.subarray(0, NAME_BYTES), data.length, '0'), padded(data))
  }
  blocks.push(Buffer.alloc(2 * BLOCK))
  return Buffer.concat(blocks)
}

/**
 * The regular files of an archive; folders are left out.
 *
 * @throws Error when it is cut off, damaged or holds anything else, such as links.
 */
export function unpackTar(archive: Buffer): TarFile[] {
  const files: TarFile[] = []
  let longName: string | undefined
  for (let at = 0; ; ) {
    const block = archive.subarray(at, at + BLOCK)
    if (block.length < BLOCK) throw new Error('The tar archive is cut off')
    if (block.every((byte) => byte === 0)) return files
    if (octal(block, 148, 8) !== checksum(block)) throw new Error('The tar archive is damaged')
    const size = octal(block, 124, 12)
    const data = archive.subarray(at + BLOCK, at + BLOCK + size)
    if (data.length < size) throw new Error('The tar archive is cut off')
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    const type = String.fromCharCode(block[156] ?? 0)
    if (type === 'L') longName = text(data, 0, size)
    else if (type === 'x') longName = paxPath(data) ?? longName
    else if (type === 'g') continue
    else {
      const name = (longName ?? shortName(block)).replace(/^(\.\/)+/, '')
      longName = undefined
      if (type === '0' || type === '\0') files.push({ name, data: Buffer.from(data) })
      else if (type !== '5') throw new Error(`The tar archive holds '${name}', which is neither file nor folder`)
    }
  }
}

function header(name: Buffer, size: number, type: string): Buffer {
  const block = Buffer.alloc(BLOCK)
  name.copy(block, 0)
  block.write('0000600\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write('00000000000\0', 136)
  block.write(type, 156)
  block.write('ustar\x0000', 257)
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)])
}

/** The sum of all bytes, its own field counted as blanks. */
function checksum(block: Buffer): number {
  let sum = 0
  for (const [index, byte] of block.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte
  return sum
}

function octal(block: Buffer, offset: number, length: number): number {
  const digits = text(block, offset, length).trim()
  const value = /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new Error('The tar archive is damaged')
}

function text(block: Buffer, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? undefined : end).toString('utf8')
}

function shortName(block: Buffer): string {
  const prefix = text(block, 257, 6) === 'ustar' ? text(block, 345, 155) : ''
  const name = text(block, 0, NAME_BYTES)
  return prefix === '' ? name : `${prefix}/${name}`
}

function paxPath(data: Buffer): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(data.toString('utf8'))?.[1]
}
