import fc from 'fast-check'
import { type JsonValue, setMember } from '../src/json.js'

/** Few different keys, so that two documents share some, and all the ones that break naive code. */
const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('', '/', '~', '~1', 'a/b', '__proto__', 'constructor', 'toString', '0', '1', '-'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 3 }) },
)

const primitive = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, false, 0, 1, '', 'x', '0'),
  fc.string({ unit: 'grapheme', maxLength: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
)

/** Any JSON value; values that differ little from each other are frequent. */
export const jsonValue: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    primitive,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 6 }).map(objectOf),
  ),
})).value

/** Objects with objects inside, the usual shape of a document. */
export const jsonDocument: fc.Arbitrary<JsonValue> = fc
  .array(fc.tuple(key, fc.oneof(jsonValue, fc.array(fc.tuple(key, jsonValue), { maxLength: 4 }).map(objectOf))), {
    maxLength: 5,
  })
  .map(objectOf)

function objectOf(entries: readonly (readonly [string, JsonValue])[]): JsonValue {
  const object = {}
  for (const [name, value] of entries) setMember(object, name, value)
  return object
}
