import { randomUUID } from 'node:crypto'

/** 24 lower-case hex digits: the name of a document and of its file. Anything else could name another file. */
export const OID: RegExp = /^[0-9a-f]{24}$/

/** A new document id, made from a random UUID as the original does. */
export function makeOid(uuid: () => string = randomUUID): string {
  return uuid().replaceAll('-', '').slice(0, 24)
}
