import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** A key of AES-256-GCM with the name under which values refer to it. */
export interface SealKey {
  readonly id: string
  readonly key: Uint8Array
}

const IV_BYTES = 12
const TAG_BYTES = 16

/** `[length of id][id][iv][tag][ciphertext]`; `context` has to be the same to open it, so that a value moved to another key is noticed. */
export function seal(plain: Uint8Array, { id, key }: SealKey, context: string): Uint8Array {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  const name = Buffer.from(id)
  return Buffer.concat([Uint8Array.of(name.length), name, iv, cipher.getAuthTag(), body])
}

/** The name of the key that sealed these bytes. */
export function sealedBy(sealed: Uint8Array): string {
  return Buffer.from(sealed.subarray(1, 1 + (sealed[0] ?? 0))).toString()
}

/** Throws when the bytes, the key or the context are not those of `seal`. */
export function unseal(sealed: Uint8Array, { key }: SealKey, context: string): Uint8Array {
  const start = 1 + (sealed[0] ?? 0)
  const iv = sealed.subarray(start, start + IV_BYTES)
  const tag = sealed.subarray(start + IV_BYTES, start + IV_BYTES + TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context)).setAuthTag(tag)
  return Buffer.concat([decipher.update(sealed.subarray(start + IV_BYTES + TAG_BYTES)), decipher.final()])
}
