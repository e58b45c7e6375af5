/**
 * How documents and single lines are encrypted: AES-256-GCM (NIST SP 800-38D) with a fresh random 96-bit nonce each time and a 128-bit tag. Everything
 * around the ciphertext, and what it is for, is authenticated with it, so that nothing can be changed, and a line cannot pass for a document or for a
 * line of another context. Not hidden is the length of the text; not prevented is putting a whole older file or line back.
 *
 * The nonces come from the system's random numbers and from nowhere else: the same one twice would give the key away.
 */
import { createCipheriv, createDecipheriv, type DecipherGCM, type KeyObject, randomBytes } from 'node:crypto'
import type { KeyRing } from './key-ring.js'
import {
  CIPHER,
  DATA_END,
  decodeBase64,
  IV_BYTES,
  parseSealedDocument,
  SEAL_VERSION,
  sealedHead,
  TAG_BYTES,
  TAG_END,
} from './sealed-document.js'
import { SealBrokenError, WrongKeyError } from './sealing-errors.js'

export { isSealed } from './sealed-document.js'

const KEY_ID_BYTES = 8
/** A line's version byte, key id, nonce and tag, before its ciphertext. */
const LINE_HEAD_BYTES = 1 + KEY_ID_BYTES + IV_BYTES + TAG_BYTES
/** How much of a large document is worked on at a time: a multiple of 4 characters of base64, which are 3 bytes. */
const CHUNK_CHARACTERS = 256 * 1024

/**
 * Encrypts the text of a document with the ring's first key; the result is the content of a file, itself JSON. The form is in sealed-document.ts.
 * Beside the text it takes memory for the result only.
 *
 * One key is good for some 2^32 texts: at a thousand a second, fifty days without a pause. Then give the ring a new one.
 *
 * @throws TypeError when the text has half of a surrogate pair, which UTF-8 cannot hold.
 */
export function sealDocument(ring: KeyRing, text: string): Uint8Array {
  checkWellFormed(text)
  const { id, key } = ring.sealingKey
  const iv = randomBytes(IV_BYTES)
  const head = sealedHead(id, iv)
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(documentHeader(id))
  const tagAt = head.length
  const dataAt = tagAt + base64Length(TAG_BYTES) + TAG_END.length
  const dataLength = base64Length(Buffer.byteLength(text))
  const sealed = Buffer.allocUnsafe(dataAt + dataLength + DATA_END.length)
  sealed.write(head, 'latin1')
  let at = dataAt
  let carried: Buffer = Buffer.alloc(0)
  for (const piece of pieces(text)) {
    const bytes = Buffer.concat([carried, cipher.update(piece, 'utf8')])
    const whole = bytes.length - (bytes.length % 3)
    at += sealed.write(bytes.toString('base64', 0, whole), at, 'latin1')
    carried = bytes.subarray(whole)
  }
  cipher.final()
  at += sealed.write(carried.toString('base64'), at, 'latin1')
  if (at !== dataAt + dataLength) throw new Error('The ciphertext does not have the length of the text')
  sealed.write(DATA_END, at, 'latin1')
  sealed.write(cipher.getAuthTag().toString('base64') + TAG_END, tagAt, 'latin1')
  return sealed
}

/**
 * Decrypts what `sealDocument` made, with whichever key of the ring it names.
 *
 * @throws WrongKeyError when the ring does not have the key.
 * @throws SealBrokenError when the text was changed or cut, or is no encrypted document.
 */
export function openDocument(ring: KeyRing, text: string): string {
  const { keyId, iv, tag, data } = parseSealedDocument(text)
  const key = findKey(ring, keyId)
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES })
  decipher.setAAD(documentHeader(keyId)).setAuthTag(tag)
  const plain = Buffer.allocUnsafe(Buffer.byteLength(data, 'base64'))
  let length = 0
  for (let at = 0; at < data.length; at += CHUNK_CHARACTERS) {
    const bytes = decodeBase64(data.slice(at, at + CHUNK_CHARACTERS), 'base64')
    length += decipher.update(bytes).copy(plain, length)
  }
  finish(decipher)
  return plain.toString('utf8', 0, length)
}

/**
 * Encrypts the text of one line into one word of base64url, with the ring's first key. `context` says what the line is for ('journal of pipeline.json'):
 * it is not in the word, and opening with another one fails.
 */
export function sealLine(ring: KeyRing, text: string, context: string): string {
  checkWellFormed(text)
  const { id, key } = ring.sealingKey
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(lineHeader(id, context))
  const data = [cipher.update(text, 'utf8'), cipher.final()]
  const head = [Buffer.of(SEAL_VERSION), Buffer.from(id, 'hex'), iv, cipher.getAuthTag()]
  return Buffer.concat([...head, ...data]).toString('base64url')
}

/**
 * Decrypts what `sealLine` made for the same context.
 *
 * @throws WrongKeyError when the ring does not have the key.
 * @throws SealBrokenError when the word was changed or cut, or was made for another context.
 */
export function openLine(ring: KeyRing, token: string, context: string): string {
  const bytes = decodeBase64(token, 'base64url')
  if (bytes.length < LINE_HEAD_BYTES) throw new SealBrokenError('its end is missing')
  if (bytes[0] !== SEAL_VERSION) {
    throw new SealBrokenError(`its form is version ${bytes[0]}, this program knows version ${SEAL_VERSION}`)
  }
  const ivAt = 1 + KEY_ID_BYTES
  const tagAt = ivAt + IV_BYTES
  const keyId = bytes.toString('hex', 1, ivAt)
  const key = findKey(ring, keyId)
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(ivAt, tagAt), { authTagLength: TAG_BYTES })
  decipher.setAAD(lineHeader(keyId, context)).setAuthTag(bytes.subarray(tagAt, LINE_HEAD_BYTES))
  const plain = decipher.update(bytes.subarray(LINE_HEAD_BYTES))
  finish(decipher)
  return plain.toString('utf8')
}

/** The id of the key that a line is encrypted with. */
export function keyIdOfLine(token: string): string {
  return Buffer.from(token, 'base64url').toString('hex', 1, 1 + KEY_ID_BYTES)
}

/** What is authenticated beside the text. The purpose comes first, so that neither kind can be taken for the other. */
function documentHeader(keyId: string): Buffer {
  return Buffer.from(['holdfast', 'document', SEAL_VERSION, CIPHER, keyId].join('\0'))
}

function lineHeader(keyId: string, context: string): Buffer {
  return Buffer.from(['holdfast', 'line', SEAL_VERSION, CIPHER, keyId, context].join('\0'))
}

function findKey(ring: KeyRing, keyId: string): KeyObject {
  const key = ring.tryFind(keyId)
  if (key === undefined) throw new WrongKeyError(keyId, ring.keyIds)
  return key
}

/** Nothing that was decrypted may be used before this has returned. */
function finish(decipher: DecipherGCM): void {
  try {
    decipher.final()
  } catch (cause) {
    throw new SealBrokenError('it was changed, or is not what was written in this place', { cause })
  }
}

function checkWellFormed(text: string): void {
  if (!text.isWellFormed()) throw new TypeError('Cannot encrypt a text with half of a surrogate pair in it')
}

function base64Length(byteCount: number): number {
  return Math.ceil(byteCount / 3) * 4
}

/** A text in parts of about `CHUNK_CHARACTERS`, with no character on two of them. */
function* pieces(text: string): Generator<string> {
  let start = 0
  while (start < text.length) {
    let end = Math.min(start + CHUNK_CHARACTERS, text.length)
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end += 1
    yield text.slice(start, end)
    start = end
  }
}

function isHighSurrogate(codeUnit: number): boolean {
  return codeUnit >= 0xd800 && codeUnit <= 0xdbff
}
