import type { Draft } from './document/draft.js'
import { StateTransactionError } from './errors.js'

/** A transaction in its callback. */
export interface Transaction<T extends object> {
  /**
   * The document as it is to become: read and change it at will, or assign another one. Of no use any more once the callback has returned: every access
   * is a TypeError then.
   */
  data: T
}

export function transactionOn<T extends object>(draft: Draft): Transaction<T> {
  return {
    get data() {
      return draft.root as T
    },
    set data(value) {
      draft.root = value
    },
  }
}

/** A transaction that is ended by `commit` or `rollback`; one that is disposed of without either is rolled back. It holds the lock meanwhile. */
export class OpenTransaction<T extends object> implements Transaction<T>, AsyncDisposable {
  readonly #inner: Transaction<T>
  readonly #path: string
  readonly #finish: (how: 'commit' | 'rollback') => Promise<void>
  #isOver = false

  constructor(inner: Transaction<T>, path: string, finish: (how: 'commit' | 'rollback') => Promise<void>) {
    this.#inner = inner
    this.#path = path
    this.#finish = finish
  }

  get data(): T {
    return this.#inner.data
  }

  set data(value: T) {
    this.#inner.data = value
  }

  /**
   * Makes the changes durable. @throws StateValidationError, StateWriteError, StaleTokenError: then they are rolled back. StateTransactionError when the
   * transaction is over already.
   */
  async commit(): Promise<void> {
    this.#end('commit')
    await this.#finish('commit')
  }

  /** Drops the changes. @throws StateTransactionError when the transaction is over already */
  async rollback(): Promise<void> {
    this.#end('rollback')
    await this.#finish('rollback')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) await this.rollback()
  }

  #end(action: string): void {
    if (this.#isOver) {
      throw new StateTransactionError(`Cannot ${action} the transaction on '${this.#path}': it is over already`, {
        path: this.#path,
      })
    }
    this.#isOver = true
  }
}

/** Keeps the callback of a transaction waiting until it is told how to end. */
export async function beginTransaction<T extends object>(
  transact: (callback: (transaction: Transaction<T>) => Promise<void>) => Promise<void>,
  path: string,
): Promise<OpenTransaction<T>> {
  const begun = Promise.withResolvers<OpenTransaction<T>>()
  const rolledBack = new Error('rolled back')
  const whole = transact(async (transaction) => {
    const end = Promise.withResolvers<'commit' | 'rollback'>()
    const finish = async (how: 'commit' | 'rollback'): Promise<void> => {
      end.resolve(how)
      await whole.catch((error: unknown) => {
        if (error !== rolledBack) throw error
      })
    }
    begun.resolve(new OpenTransaction<T>(transaction, path, finish))
    if ((await end.promise) === 'rollback') throw rolledBack
  })
  whole.catch((error: unknown) => begun.reject(error))
  return begun.promise
}
