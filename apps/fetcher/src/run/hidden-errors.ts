import type { Credentials } from '../config/credentials.js'

/** Takes credentials out of errors before these are stored or shown, should a server have sent them back. */
export class HiddenErrors {
  readonly #credentials: Pick<Credentials, 'hide'>

  constructor(credentials: Pick<Credentials, 'hide'>) {
    this.#credentials = credentials
  }

  /** The same error, or one that behaves like it and says the same without them. */
  scrub(error: unknown): unknown {
    if (!(error instanceof Error)) return typeof error === 'string' ? this.#credentials.hide(error) : error
    const message = this.#credentials.hide(error.message)
    if (message === error.message) return error
    return Object.create(error, { message: { value: message }, stack: { value: message }, cause: { value: undefined } })
  }
}
