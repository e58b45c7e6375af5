import fc from 'fast-check'

/** What the generated text may hold. */
export interface FhiclTextOptions {
  /**
   * Leaves out strings after which the database takes quoted text for comments: empty ones and those with an escaped
   * quote.
   */
  readonly plainStrings: boolean
}

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/)
const commentText = fc.stringMatching(/^[ -~]{0,12}$/)
const comment = fc.oneof(
  commentText.map((text) => `# ${text}\n`),
  commentText.map((text) => `// ${text}\n`),
)
const space = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(' ', '  ', '\n', '\n\n', '\t', ' \n ', '\r\n') },
  { weight: 2, arbitrary: comment.map((text) => ` ${text}`) },
)
const number = fc.constantFrom(
  '0',
  '17',
  '-3',
  '+1.50',
  '.5',
  '5.',
  '1e5',
  '6.02E-23',
  '0xfF',
  '0b11',
  '-infinity',
  '00123',
)
const word = fc.constantFrom(
  'abc',
  '_x',
  '9lives',
  '5e1234abcd',
  '@local::a.b',
  '@sequence::s',
  '.',
  ':x',
  'TRUE',
  'u@h',
)
const other = fc.constantFrom('true', 'false', '@nil', '(1,2)', '(0x1, -2e3)', '( 1 ,\n 2 )')
const singleQuoted = fc.stringMatching(/^[ -&(-~]{1,10}$/).map((text) => `'${text}'`)

function doubleQuoted(plain: boolean): fc.Arbitrary<string> {
  const pieces = plain
    ? ['a', ' ', '#', '//', "it's", '\\\\ ', '\\n', '\n', '{', ',', 'z']
    : ['a', ' ', '# x', '\\"', '\\\\ ', '\\t', '\n', '\t', '//']
  return fc
    .array(fc.constantFrom(...pieces), { minLength: plain ? 1 : 0, maxLength: 5 })
    .map((parts) => `"${parts.join('')}"`)
}

function value({ plainStrings }: FhiclTextOptions): fc.Arbitrary<string> {
  const tie = fc.letrec<{ value: string; sequence: string; table: string }>((tied) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      number,
      word,
      other,
      singleQuoted,
      doubleQuoted(plainStrings),
      tied('sequence'),
      tied('table'),
    ),
    sequence: fc
      .array(fc.tuple(space, tied('value'), space), { maxLength: 4 })
      .map((elements) => `[${elements.map((parts) => parts.join('')).join(',')}]`),
    table: fc.array(definition(name, tied('value')), { maxLength: 4 }).map((entries) => `{${entries.join('')}\n}`),
  }))
  return tie.value
}

function definition(key: fc.Arbitrary<string>, of: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const protection = fc.constantFrom('', '', '', '', '', ' @protect_ignore')
  return fc.tuple(space, key, protection, space, of, space).map((parts) => {
    const [before, keyText, protect, gap, valueText, after] = parts
    return `${before}${keyText}${protect}:${gap}${valueText}${after}`
  })
}

/**
 * Text the reader accepts, with comments in all places, includes, prologs, dotted and repeated keys. A table may be
 * refused because a protected key comes again; such a case is to be skipped.
 */
export function fhiclText(options: FhiclTextOptions): fc.Arbitrary<string> {
  const dotted = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('.'))
  const entry = fc.oneof(
    { weight: 9, arbitrary: definition(dotted, value(options)) },
    { weight: 1, arbitrary: fc.tuple(name, comment).map(([file, text]) => `\n#include "${file}.fcl" ${text}`) },
  )
  const entries = fc.array(entry, { maxLength: 6 }).map((parts) => parts.join(''))
  const prolog = entries.map((text) => `BEGIN_PROLOG ${text}\nEND_PROLOG\n`)
  return fc
    .tuple(fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: prolog }), entries)
    .map(([first, rest]) => `${first}${rest}\n`)
}
