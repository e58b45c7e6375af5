import { AsyncLocalStorage } from 'node:async_hooks'
import { StateTransactionError } from './errors.js'

interface Scope {
  readonly path: string
  readonly outer: Scope | undefined
  isOver: boolean
}

// The documents that the running code has a transaction on. It is the runtime's record of who called whom, not a state of ours.
const scopes = new AsyncLocalStorage<Scope>()

/** Whether this code runs inside a transaction on the document, so that waiting for it to end would never end. */
function isInTransaction(path: string): boolean {
  for (let scope = scopes.getStore(); scope !== undefined; scope = scope.outer) {
    if (scope.path === path && !scope.isOver) return true
  }
  return false
}

/** @throws StateTransactionError inside of a transaction on the document; `action` says what cannot be done there */
export function assertOutside(path: string, action: string): void {
  if (!isInTransaction(path)) return
  throw new StateTransactionError(`Cannot ${action} '${path}' inside another transaction on it`, {
    path,
    hint: 'Use the data of the outer transaction, or do it after that',
  })
}

/** Runs the work as the inside of a transaction on the document. */
export async function inTransaction<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  const scope: Scope = { path, outer: scopes.getStore(), isOver: false }
  try {
    return await scopes.run(scope, work)
  } finally {
    scope.isOver = true
  }
}
