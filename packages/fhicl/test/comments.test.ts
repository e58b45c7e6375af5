import { readFhicl } from '@holdfast/fhicl'
import { describe, expect, test } from 'vitest'

function comments(text: string): Record<number, string> {
  return Object.fromEntries(readFhicl(text).comments.map(({ line, text: comment }) => [line, comment]))
}

/** Comment and annotation of every top-level scalar. */
function attached(text: string): string[] {
  return readFhicl(text).main.map(({ key, value }) =>
    value.kind === 'table' ? `${key}|${value.comment}` : `${key}|${value.comment}|${value.annotation}`,
  )
}

describe('the comments of a document', () => {
  test.each<[string, string, Record<number, string>]>([
    ['none', 'a: 1\n', {}],
    ['above, behind, at the end', '# one\na: 1 // two\n\n#three', { 1: '# one', 2: '// two', 4: '#three' }],
    [
      'the rest of the line, whatever it holds',
      'a: 1 # x " y // z # \'\nb: 2 # w\n',
      { 1: '# x " y // z # \'', 2: '# w' },
    ],
    ['quotes protect the marks', 'a: "# no" b: \'// no\' # yes\n', { 1: '# yes' }],
    ['an empty string ends the protection', 'a: ""\nb: "x # y"\nc: "p # q"\n', { 2: '# y"' }],
    ['which begins anew after a comment', 'a: "" # c\nb: "x # y"\n', { 1: '# c' }],
    ['an empty string in single quotes too', "a: ''\nb: 'x // y'\n", { 2: "// y'" }],
    ['an escaped quote splits a string in two', 'a: "p \\" # q"\n', { 1: '# q"' }],
    ['inside a string of several lines', 'a: "x\n# y\n" # z\n', { 3: '# z' }],
  ])('%s', (_, text, expected) => {
    expect(comments(text)).toEqual(expected)
  })

  test('are counted by lines for every kind of line end', () => {
    const expected = { 1: '# a', 4: '# b' }
    expect(comments('# a\n\n\nx: 1 # b\n')).toEqual(expected)
    expect(comments('# a\r\n\r\n\r\nx: 1 # b\r\n')).toEqual(expected)
    expect(comments('# a\r\r\rx: 1 # b\r')).toEqual(expected)
  })
})

describe('a value gets', () => {
  test('the # comment above and any comment behind it', () => {
    expect(attached('# up\na: 1 # behind\n// not up\nb: 2 // behind b\n')).toEqual([
      'a|# up|# behind',
      'b||// behind b',
    ])
  })

  test('the comment behind the line above as its own', () => {
    expect(attached('a: 1 # behind\nb: 2\n')).toEqual(['a||# behind', 'b|# behind|'])
  })

  test('only the last of several comment lines, and none across a blank line', () => {
    expect(attached('# one\n# two\na: 1\n# three\n\nb: 2\n')).toEqual(['a|# two|', 'b||'])
  })

  test('no comment that speaks of an include', () => {
    expect(attached('# was #include "x"\na: 1\n')).toEqual(['a||'])
  })

  test('the comments of the line its value begins on, not its key', () => {
    expect(attached('a: # key line\n 1 # value line\n')).toEqual(['a|# key line|# value line'])
  })

  test('as a table only the comment above', () => {
    expect(attached('# up\nt: { # behind\n}\n')).toEqual(['t|# up'])
  })

  test('inside a sequence the comments of its own line', () => {
    const [entry] = readFhicl('s: [ # open\n 1, # one\n 2 # two\n]\n').main
    expect(entry?.value).toMatchObject({
      kind: 'sequence',
      annotation: '# open',
      elements: [
        { comment: '# open', annotation: '# one' },
        { comment: '# one', annotation: '# two' },
      ],
    })
  })
})
