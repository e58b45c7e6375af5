import { hash } from 'node:crypto'
import { adler32 } from './adler32.js'
import type { BodyFacts } from './run-archive.js'

/** Everything that is recorded about a body's bytes. */
export function describeBytes(bytes: Uint8Array): BodyFacts & { readonly sha256: string } {
  return { size: bytes.length, adler32: adler32(bytes), sha256: hash('sha256', bytes, 'hex') }
}
