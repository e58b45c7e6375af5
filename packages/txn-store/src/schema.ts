import type { StandardSchemaV1 } from '@standard-schema/spec'
import { freezeDeep } from './document/freeze-deep.js'
import type { StateIssue } from './errors.js'
import type { JsonObject } from './json.js'
import { formatPointer } from './json-path.js'

/** What the schema has against the document; empty when nothing. What the schema would make of it (defaults, stripped keys) is not used. */
export async function findIssues(schema: StandardSchemaV1 | undefined, document: JsonObject): Promise<StateIssue[]> {
  if (schema === undefined) return []
  // It looks at what is to be committed, or at what others read: a schema that changes its input would change those.
  const pending = schema['~standard'].validate(freezeDeep(document))
  const result = pending instanceof Promise ? await pending : pending
  return (result.issues ?? []).map(({ path = [], message }) => ({
    path: formatPointer(path.map((part) => keyOf(typeof part === 'object' ? part.key : part))),
    message,
  }))
}

function keyOf(key: PropertyKey): string | number {
  return typeof key === 'symbol' ? String(key) : key
}
