import type { JsonValue } from '../json.js'

/** Freezes a document that is handed out. What is frozen was frozen with all that is in it, so unchanged parts cost nothing. */
export function freezeDeep<T extends JsonValue>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const item of Object.values(value)) freezeDeep(item)
  return Object.freeze(value)
}
