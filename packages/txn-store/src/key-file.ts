import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { openForReading } from './open-for-reading.js'
import { KeyFileError } from './sealing-errors.js'

/** AES-256. */
export const KEY_BYTES = 32
/** The forms a key can have, for messages. */
export const KEY_FORMS = '32 random bytes, or these as 64 hexadecimal digits or 44 characters of base64'

/** More than any form of a key with some white space around it. */
const MAX_FILE_BYTES = 1024
/** Read or write for group and others. */
const OPEN_TO_OTHERS = 0o066

/**
 * Reads a key from a file: its 32 bytes as they are, or as hexadecimal digits or base64, with or without a line break behind.
 *
 * @throws KeyFileError when it cannot be read, when others than its owner may read or write it, or when it holds no key.
 */
export async function readKeyFile(path: string): Promise<Buffer> {
  const content = await readPrivateFile(path)
  try {
    const key = content.length === KEY_BYTES && !isPrintable(content) ? Buffer.from(content) : parseKeyText(content)
    if (key === undefined) {
      throw new KeyFileError(path, `it does not hold ${KEY_FORMS}, but ${content.length} bytes of something else`, {
        hint: makeHint(path),
      })
    }
    return key
  } finally {
    content.fill(0)
  }
}

/** The bytes of a key written as 64 hexadecimal digits or 44 characters of base64; `undefined` for any other text. */
export function tryParseKey(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex')
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return undefined
  const key = Buffer.from(text, 'base64')
  return key.toString('base64') === text ? key : undefined
}

function parseKeyText(content: Buffer): Buffer | undefined {
  return tryParseKey(content.toString('latin1').trim())
}

/** 32 letters and digits are a password, or half a key in hexadecimal: far less than 256 random bits. */
function isPrintable(content: Buffer): boolean {
  return content.every((byte) => byte >= 0x20 && byte < 0x7f)
}

async function readPrivateFile(path: string): Promise<Buffer> {
  let file: FileHandle | undefined
  try {
    file = await openForReading(path)
    const { mode, size } = await file.stat()
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
      throw new KeyFileError(path, 'it is not a regular file', { hint: makeHint(path) })
    }
    if (process.platform !== 'win32' && (mode & OPEN_TO_OTHERS) !== 0) {
      const reason = `other users may read or write it (mode ${(mode & 0o777).toString(8).padStart(3, '0')})`
      throw new KeyFileError(path, reason, { hint: `chmod 600 '${path}'` })
    }
    if (size > MAX_FILE_BYTES) {
      throw new KeyFileError(path, `it has ${size} bytes, and a key is ${KEY_FORMS}`, { hint: makeHint(path) })
    }
    return await file.readFile()
  } catch (error) {
    if (error instanceof KeyFileError || !(error instanceof Error)) throw error
    throw new KeyFileError(path, error.message, { hint: makeHint(path), cause: error })
  } finally {
    await file?.close()
  }
}

function makeHint(path: string): string {
  return `Name the right file; a new key is made by: (umask 077 && openssl rand -base64 32 > '${path}')`
}
