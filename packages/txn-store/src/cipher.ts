/**
 * How documents and single lines are encrypted: AES-256-GCM (NIST SP 800-38D) with a fresh random 96-bit nonce each time and a 128-bit tag. Everything
 * around the ciphertext, and what it is for, is authenticated with it, so that nothing can be changed, nor a line passed off as a document or as a line
 * of another context. What is not hidden is the length of the text.
 *
 * One key is good for some 2^32 texts, at a thousand a second fifty days of writing without a pause; then change it.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import type { KeyRing } from './key-ring.js'
import { SealBrokenError, WrongKeyError } from './sealing-errors.js'
import { DOCUMENT_MARK, parseSealedDocument, SEAL_VERSION } from './sealed-document.js'

const CIPHER = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_ID_BYTES = 8
