import { isSealed, keyIdOfLine, openDocument, openLine, sealDocument, sealLine } from '../cipher.js'
import { decodeDocument } from '../document/decode-document.js'
import { DocumentEncoder, type EncodeOptions } from '../document/encode-document.js'
import { StateReadError } from '../errors.js'
import type { JsonObject } from '../json.js'
import type { KeyRing } from '../key-ring.js'
import { keyIdOfDocument, SEALED_HEADER_BYTES } from '../sealed-document.js'
import { SealBrokenError, WrongKeyError } from '../sealing-errors.js'

/** How the document and what tells of its content are written: plainly, or encrypted. */
export interface DocumentCodec {
  /** The bytes of the document's file, of which about so many are expected; good until the next call. */
  encode(data: JsonObject, expectedBytes?: number): Uint8Array
  /** Calls `release` as soon as it has no use for the bytes any more. @throws StateReadError */
  decode(bytes: Uint8Array, path: string, hint: string | undefined, release?: () => void): JsonObject
  /** Whether `encode` would now write it in another way: with a key, where it has none or an older one. */
  isOutdated(bytes: Uint8Array): boolean
  /** Encrypts the text of one line, if there is a key. */
  sealText: ((text: string) => string) | undefined
  /** @throws StateReadError */
  openText(sealed: string, path: string): string
}

export function plainCodec(options: EncodeOptions): DocumentCodec {
  const encoder = new DocumentEncoder(options)
  return {
    encode: (data, expectedBytes) => encoder.encode(data, expectedBytes),
    decode: (bytes, path, hint, release) => {
      const data = decodeDocument(bytes, path, hint, release)
      const keyId = keyIdOf(data)
      if (keyId !== undefined) throw new WrongKeyError(keyId, [])
      return data
    },
    isOutdated: () => false,
    sealText: undefined,
    openText: (text) => {
      // What was not encrypted is JSON.
      if (!/^[[{]/.test(text)) throw new WrongKeyError(keyIdOfLine(text), [])
      return text
    },
  }
}

/** With a key, a document that is not encrypted is refused unless it is to be taken over: nobody could tell whether it is genuine. */
export function sealedCodec(ring: KeyRing, acceptPlain: boolean, options: EncodeOptions): DocumentCodec {
  const encoder = new DocumentEncoder(options)
  return {
    encode: (data) => sealDocument(ring, encoder.encode(data).toString('utf8')),
    decode: (bytes, path, hint) => {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
      if (!isSealed(text)) {
        if (acceptPlain) return decodeDocument(bytes, path, hint)
        throw new StateReadError(`Cannot read '${path}': it is not encrypted, although a key is given`, {
          path,
          hint: 'If it is genuine, open it once with acceptPlain: true and write it',
        })
      }
      return decodeDocument(Buffer.from(opened(path, hint, () => openDocument(ring, text))), path, hint)
    },
    isOutdated: (bytes) => {
      const head = Buffer.from(bytes.subarray(0, SEALED_HEADER_BYTES)).toString('latin1')
      return keyIdOfDocument(head) !== ring.sealingKey.id
    },
    sealText: (text) => sealLine(ring, text, LINE_CONTEXT),
    openText: (sealed, path) => opened(path, undefined, () => openLine(ring, sealed, LINE_CONTEXT)),
  }
}

const LINE_CONTEXT = 'history of a document'

/** A wrong key damages nothing and is told as it is; a broken seal is a damaged file. */
function opened(path: string, hint: string | undefined, open: () => string): string {
  try {
    return open()
  } catch (error) {
    if (!(error instanceof SealBrokenError)) throw error
    throw new StateReadError(`Cannot read '${path}': ${error.message}`, {
      path,
      hint: hint ?? error.hint,
      cause: error,
    })
  }
}

function keyIdOf({ holdfast, key }: JsonObject): string | undefined {
  return holdfast === 'encrypted document' && typeof key === 'string' ? key : undefined
}
