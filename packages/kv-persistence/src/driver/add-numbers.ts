import type { Payload } from './driver.js'

/** The number in a stored payload, if it is one that can be added to without knowing the codec. */
export function storedNumber(payload: Payload): number | undefined {
  const text = typeof payload === 'string' ? payload : Buffer.from(payload).toString('latin1')
  return NUMBER.test(text) ? Number(text.slice(2)) : undefined
}

const NUMBER = /^j:-?\d+(\.\d+)?([eE][+-]?\d+)?$/

export function storeNumber(value: number): Payload {
  return `j:${JSON.stringify(value)}`
}

/** `undefined` when the sum is not finite, or two whole numbers add up to one that cannot be told from its neighbours. */
export function addNumbers(a: number, b: number): number | undefined {
  const sum = a + b
  if (!Number.isFinite(sum)) return undefined
  const isWhole = Number.isInteger(a) && Number.isInteger(b)
  return isWhole && !Number.isSafeInteger(sum) ? undefined : sum
}
