import { describe, expect, test } from 'vitest'
import { expandConfiguration } from '../../src/config/expand.js'

const data = { app: { work_dir: '/w', n: 7, on: true, nested: { a: '${work_dir}/a' } }, list: ['${HOME}', '${app.n}'] }

describe('expandConfiguration()', () => {
  test.each([
    ['a variable', '${HOME}', '/root'],
    ['a default that is not needed', '${HOME:-/x}', '/root'],
    ['a default that is needed', '${UNSET:-/x}', '/x'],
    ['an empty default', 'a${UNSET:-}b', 'ab'],
    ['an unset variable', 'a${UNSET}b', 'ab'],
    ['a variable in a default', '${UNSET:-${HOME}/y}', '/root/y'],
    ['a variable whose value refers to a variable', '${INDIRECT}', '/root/z'],
    ['a parameter of the same section', '${work_dir}/s', '/w/s'],
    ['a parameter of another section', '${other.key}', 'value'],
    ['a parameter with a default', '${missing:-d}', 'd'],
    ['a number', 'n${n}', 'n7'],
    ['several', '${n}-${HOME}-${work_dir}', '7-/root-/w'],
    ['no reference', '$HOME {x} $', '$HOME {x} $'],
    ['an open brace', '${HOME', '${HOME'],
    ['something else in braces', '${1x}', '${1x}'],
  ])('expands %s', (_, text, expected) => {
    const env = { HOME: '/root', INDIRECT: '${HOME}/z' }
    const { value, problems } = expandConfiguration(
      { ...data, app: { ...data.app, text }, other: { key: 'value' } },
      env,
    )
    expect(problems).toEqual([])
    expect(value).toMatchObject({ app: { text: expected } })
  })

  test('reaches nested tables and lists and leaves other values alone', () => {
    const { value } = expandConfiguration(data, { HOME: '/root' })
    expect(value).toEqual({ app: { work_dir: '/w', n: 7, on: true, nested: { a: '/w/a' } }, list: ['/root', '7'] })
  })

  test('names variables that were not set', () => {
    expect([...expandConfiguration({ a: { b: '${X}' } }, {}).unsetVariables]).toEqual([['a.b', 'X']])
  })
})
