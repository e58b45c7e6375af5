/**
 * The form of an encrypted document, one line of JSON, so that it is still a JSON file and says what it is:
 *
 *     {"holdfast":"encrypted document","v":1,"cipher":"aes-256-gcm","key":"<id>","iv":"…","tag":"…","data":"…"}
 *
 * `key` is the id of the key, `iv`, `tag` and `data` are base64. White space between the parts does no harm, as when an editor has laid the file out
 * anew; anything else that was added, left out or changed does.
 */
import { isJsonObject, type JsonObject } from './json.js'
import { SealBrokenError } from './sealing-errors.js'

export const SEAL_VERSION = 1
export const CIPHER = 'aes-256-gcm'
export const IV_BYTES = 12
export const TAG_BYTES = 16

const MARK = 'encrypted document'
const KEY_ID = /^[0-9a-f]{16}$/
const FIELDS = 7
/** Far more than the header needs, with room for white space. */
const MAX_HEADER_CHARACTERS = 1024

export interface SealedDocument {
  readonly keyId: string
  readonly iv: Buffer
  readonly tag: Buffer
  /** The ciphertext in base64, not looked at yet. */
  readonly data: string
}

/** Tells by its first characters whether a text is an encrypted document; says nothing about whether it can be opened. */
export function isSealed(text: string): boolean {
  return /^\s*\{\s*"holdfast"\s*:\s*"encrypted document"\s*,\s*"v"\s*:/.test(text.slice(0, MAX_HEADER_CHARACTERS))
}

/** The id of the key that a document was encrypted with, by its first characters. */
export function keyIdOfDocument(text: string): string | undefined {
  return isSealed(text) ? /"key"\s*:\s*"([0-9a-f]{16})"/.exec(text.slice(0, MAX_HEADER_CHARACTERS))?.[1] : undefined
}

/** Room for white space in the header: that many bytes of a document are enough to tell how it is encrypted. */
export const SEALED_HEADER_BYTES: number = MAX_HEADER_CHARACTERS

/** The document up to and including the quote that opens the tag; behind the tag come `TAG_END`, the data and `DATA_END`. */
export function sealedHead(keyId: string, iv: Buffer): string {
  return `{"holdfast":"${MARK}","v":${SEAL_VERSION},"cipher":"${CIPHER}","key":"${keyId}","iv":"${iv.toString('base64')}","tag":"`
}
export const TAG_END = '","data":"'
export const DATA_END = '"}'

/** @throws SealBrokenError when the text does not have the form, or has that of a newer version. */
export function parseSealedDocument(text: string): SealedDocument {
  const opening = /"data"\s*:\s*"/.exec(text.slice(0, MAX_HEADER_CHARACTERS))
  if (opening === null) throw new SealBrokenError('it is not an encrypted document')
  const start = opening.index + opening[0].length
  const end = text.indexOf('"', start)
  if (end === -1) throw new SealBrokenError('its end is missing')
  // Without its data, so that a large document is not copied by the parser.
  const header = parseHeader(text.slice(0, start) + text.slice(end))
  const { v, cipher, key, iv, tag } = header
  if (header['holdfast'] !== MARK) throw new SealBrokenError('it is not an encrypted document')
  if (v !== SEAL_VERSION) {
    throw new SealBrokenError(`its form is version ${JSON.stringify(v)}, this program knows version ${SEAL_VERSION}`, {
      hint: 'Use the release that wrote it or a newer one; if none did, restore a backup',
    })
  }
  if (cipher !== CIPHER) throw new SealBrokenError(`it does not use the cipher ${CIPHER}`)
  if (typeof key !== 'string' || !KEY_ID.test(key)) throw new SealBrokenError('the id of its key is damaged')
  if (Object.keys(header).length !== FIELDS) throw new SealBrokenError('something was added to it')
  const data = text.slice(start, end)
  return { keyId: key, iv: parseBytes('iv', iv, IV_BYTES), tag: parseBytes('tag', tag, TAG_BYTES), data }
}

/** @throws SealBrokenError when the text is not base64 as this package writes it: for each value there is one text. */
export function decodeBase64(text: string, encoding: 'base64' | 'base64url'): Buffer {
  const bytes = Buffer.from(text, encoding)
  if (bytes.toString(encoding) !== text) throw new SealBrokenError('characters of it were changed')
  return bytes
}

function parseHeader(text: string): JsonObject {
  let header: unknown
  try {
    header = JSON.parse(text)
  } catch {
    // The parser's message would quote the text.
    throw new SealBrokenError('it is not whole')
  }
  if (!isJsonObject(header)) throw new SealBrokenError('it is not an encrypted document')
  return header
}

function parseBytes(field: string, value: unknown, length: number): Buffer {
  const bytes = typeof value === 'string' ? decodeBase64(value, 'base64') : undefined
  if (bytes?.length !== length) throw new SealBrokenError(`its field '${field}' is damaged`)
  return bytes
}
