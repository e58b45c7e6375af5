import { createHash, createSecretKey, type KeyObject } from 'node:crypto'
import { KEY_BYTES, KEY_FORMS, readKeyFile, tryParseKey } from './key-file.js'

export interface KeyRingOptions {
  /** The key that encrypts: 32 bytes, or 64 hexadecimal digits or 44 characters of base64 that stand for them. */
  readonly key?: string | Uint8Array
  /** A file with that key, readable by its owner only. Give this or `key`, not both. */
  readonly keyFile?: string
  /** Keys that were used before: what they encrypted can still be read. @default none */
  readonly previousKeys?: readonly (string | Uint8Array)[]
  /** Files with such keys. @default none */
  readonly previousKeyFiles?: readonly string[]
}

/** A key and the name it goes by in what it encrypted. */
export interface RingKey {
  /** Sixteen hexadecimal digits from a hash of the key: enough to tell keys apart, of no use to find one. */
  readonly id: string
  readonly key: KeyObject
}

/**
 * The keys of encrypted documents: the first encrypts, all decrypt. To change keys, give the new one as `keyFile` and the old one among
 * `previousKeyFiles`, write every document once, and drop the old key when no backup needs it any more.
 *
 * Printing a ring or turning it into JSON shows none of the keys.
 *
 * @example const ring = await KeyRing.from({ keyFile: '/etc/holdfast/key' })
 */
export class KeyRing {
  readonly #sealingKey: RingKey
  readonly #keys: ReadonlyMap<string, KeyObject>

  private constructor(sealingKey: RingKey, previousKeys: readonly RingKey[]) {
    this.#sealingKey = sealingKey
    this.#keys = new Map([...previousKeys, sealingKey].map(({ id, key }) => [id, key]))
  }

  /**
   * Makes a ring; files are read now and not again.
   *
   * @throws KeyFileError when a key file is missing, open to other users or holds no key.
   * @throws TypeError when there is no key or one of the wrong length, or both `key` and `keyFile`.
   */
  static async from(options: KeyRingOptions): Promise<KeyRing> {
    const { key, keyFile, previousKeys = [], previousKeyFiles = [] } = options
    if ((key === undefined) === (keyFile === undefined)) throw new TypeError("Expected either 'key' or 'keyFile'")
    const sealingKey = keyFile === undefined ? readKey('key', key) : await readKeyFile(keyFile)
    const previous = previousKeys.map((previousKey, index) => readKey(`previousKeys[${index}]`, previousKey))
    for (const path of previousKeyFiles) previous.push(await readKeyFile(path))
    return new KeyRing(toRingKey(sealingKey), previous.map(toRingKey))
  }

  /** The key that encrypts. */
  get sealingKey(): RingKey {
    return this.#sealingKey
  }

  /** The ids of all keys, the encrypting one first. */
  get keyIds(): readonly string[] {
    return [...new Set([this.#sealingKey.id, ...this.#keys.keys()])]
  }

  /** The key of that id; `undefined` when this ring does not have it. */
  tryFind(id: string): KeyObject | undefined {
    return this.#keys.get(id)
  }
}

function readKey(option: string, key: unknown): Buffer {
  if (key instanceof Uint8Array && key.length === KEY_BYTES) return Buffer.from(key)
  const parsed = typeof key === 'string' ? tryParseKey(key) : undefined
  if (parsed !== undefined) return parsed
  const received =
    typeof key === 'string'
      ? `${key.length} characters`
      : key instanceof Uint8Array
        ? `${key.length} bytes`
        : `a value of type ${typeof key}`
  throw new TypeError(`Expected '${option}' to be ${KEY_FORMS}; received ${received}`)
}

/** Takes the bytes over: afterwards they are only in the key object. */
function toRingKey(bytes: Buffer): RingKey {
  const id = createHash('sha256').update('holdfast key id\0').update(bytes).digest('hex').slice(0, 16)
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return { id, key }
}
