import { expect, test } from 'vitest'
import { countTests } from '../src/vitest-report.ts'

function file(status: string, ...tests: readonly string[]): object {
  return {
    name: 'a.test.ts',
    status,
    assertionResults: tests.map((state, index) => ({ status: state, fullName: `t${index}` })),
  }
}

function count(report: unknown, exitCode: number | undefined, isCi = false): string {
  const { passed, failed } = countTests({ report, exitCode, isCi })
  return `${passed} passed, ${failed} failed`
}

test.each([
  ['passed tests', { testResults: [file('passed', 'passed', 'passed')] }, 0, '2 passed, 0 failed'],
  ['failed tests', { testResults: [file('failed', 'passed', 'failed')] }, 1, '1 passed, 1 failed'],
  [
    'a file that could not be loaded',
    { testResults: [file('passed', 'passed'), file('failed')] },
    1,
    '1 passed, 1 failed',
  ],
  ['an error outside of a test', { testResults: [file('passed', 'passed')] }, 1, '1 passed, 1 failed'],
  ['a run ended by a signal', { testResults: [file('passed', 'passed')] }, undefined, '1 passed, 1 failed'],
  ['no tests', { testResults: [] }, 0, '0 passed, 1 failed'],
  ['only skipped tests', { testResults: [file('passed', 'skipped')] }, 0, '0 passed, 1 failed'],
  ['a report that is missing', undefined, 0, '0 passed, 1 failed'],
])('countTests() counts %s', (_title, report, exitCode, sum) => {
  expect(count(report, exitCode)).toBe(sum)
})

test.each([
  [false, '1 passed, 0 failed'],
  [true, '1 passed, 2 failed'],
])('countTests() with CI %s counts skipped and planned tests', (isCi, sum) => {
  expect(count({ testResults: [file('passed', 'passed', 'skipped', 'todo')] }, 0, isCi)).toBe(sum)
})

test('countTests() names the tests that were skipped', () => {
  const { note } = countTests({
    report: { testResults: [file('passed', 'passed', 'skipped')] },
    exitCode: 0,
    isCi: false,
  })
  expect(note).toBe('SKIPPED: 1 (would fail in CI)\n  t1  a.test.ts')
})
