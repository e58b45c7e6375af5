import { Buffer } from 'node:buffer'
import { ZipFile } from 'yazl'

export interface ZippedFile {
  readonly name: string
  readonly content: string | Uint8Array
  readonly mode?: number
  /** @default true */
  readonly compress?: boolean
}

export async function zipOf(files: readonly ZippedFile[]): Promise<Buffer> {
  const zip = new ZipFile()
  for (const { name, content, mode, compress = true } of files)
    zip.addBuffer(Buffer.from(content), name, mode === undefined ? { compress } : { compress, mode })
  zip.end()
  const parts: Buffer[] = []
  for await (const part of zip.outputStream as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts)
}

/** The same archive with other bytes wherever some stand: its names in both places, for example. */
export function forged(archive: Buffer, from: string, to: string): Buffer {
  return Buffer.from(archive.toString('latin1').replaceAll(from, to), 'latin1')
}

/** The data in small pieces, as a network delivers it. */
export async function* inPieces(data: Uint8Array, bytes = 1000): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < data.length; offset += bytes) yield data.subarray(offset, offset + bytes)
}
