import { decodeDocument } from '../document/decode-document.js'
import { DocumentEncoder, type EncodeOptions } from '../document/encode-document.js'
import type { JsonObject } from '../json.js'

/** How the document and what tells of its content are written: plainly, or encrypted. */
export interface DocumentCodec {
  /** The bytes of the document's file. */
  encode(data: JsonObject): Uint8Array
  /** @throws StateReadError */
  decode(bytes: Uint8Array, path: string, hint: string | undefined): JsonObject
  /** Encrypts the text of one line, if there is a key. */
  sealText: ((text: string) => string) | undefined
  /** @throws StateReadError */
  openText(sealed: string, path: string): string
}

export function plainCodec(options: EncodeOptions): DocumentCodec {
  const encoder = new DocumentEncoder(options)
  return {
    encode: (data) => encoder.encode(data),
    decode: decodeDocument,
    sealText: undefined,
    openText: (text) => text,
  }
}
