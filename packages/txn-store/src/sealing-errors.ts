/** None of the given keys is the one that the data was encrypted with. Nothing was changed. */
export class WrongKeyError extends Error {
  override readonly name = 'WrongKeyError'
  readonly code = 'ERR_WRONG_KEY'
  /** The id of the key that is needed; an id tells nothing about the key. */
  readonly keyId: string
  /** The ids of the keys that were given. */
  readonly givenKeyIds: readonly string[]
  readonly hint: string

  constructor(keyId: string, givenKeyIds: readonly string[]) {
    const given =
      givenKeyIds.length === 0 ? 'no key was given' : `only these keys were given: ${givenKeyIds.join(', ')}`
    super(`The data is encrypted with the key ${keyId}, and ${given}`)
    this.keyId = keyId
    this.givenKeyIds = givenKeyIds
    this.hint = `Give the key ${keyId} as 'keyFile' or 'key', or, after a change of keys, among 'previousKeyFiles' or 'previousKeys'`
  }
}

/** Encrypted data was changed, cut, put together from parts, or moved to a place it was not made for. Nothing of it is given out. */
export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError'
  readonly code = 'ERR_SEAL_BROKEN'
  readonly hint: string

  constructor(reason: string, options?: { readonly hint?: string; readonly cause?: unknown }) {
    super(
      `Cannot open the encrypted data: ${reason}`,
      options?.cause === undefined ? undefined : { cause: options.cause },
    )
    this.hint = options?.hint ?? 'Restore a backup; trying again does not help'
  }
}

/** A key file is missing, open to other users, or does not hold a key. The message never holds anything of its content. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError'
  readonly code = 'ERR_KEY_FILE'
  readonly path: string
  readonly hint: string

  constructor(path: string, reason: string, options: { readonly hint: string; readonly cause?: unknown }) {
    super(
      `Cannot use the key file '${path}': ${reason}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.path = path
    this.hint = options.hint
  }
}
