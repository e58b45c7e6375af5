import { isObject, type JsonObject } from './json.ts'
import type { Outcome } from './step.ts'

export interface VitestRun {
  /** What the JSON reporter wrote; absent when it wrote nothing. */
  readonly report: unknown
  readonly exitCode: number | undefined
  readonly isCi: boolean
}

/**
 * Counts the tests of a vitest run. What did not report itself as a failed test still fails the run: a file that could not be loaded, an error
 * outside a test, a crash before the report was written, no tests at all, and, in CI, every test that was skipped.
 */
export function countTests({ report, exitCode, isCi }: VitestRun): Outcome {
  if (!isObject(report) || !Array.isArray(report.testResults))
    return { passed: 0, failed: 1, details: `vitest ended without a report (exit code ${exitCode ?? 'none'})` }
  const files = report.testResults.filter(isObject)
  const tests = files.flatMap((file) => testsOf(file).map((test) => ({ file: String(file.name), ...test })))
  const broken = files.filter(
    (file) => file.status === 'failed' && !testsOf(file).some((test) => test.status === 'failed'),
  )
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed')
  const passed = tests.filter((test) => test.status === 'passed').length
  const failedTests = tests.filter((test) => test.status === 'failed').length
  const problems: string[] = []
  let failed = failedTests + broken.length
  if (isCi) failed += skipped.length
  if (passed + failedTests === 0) problems.push('No test was run')
  if (exitCode !== 0 && failed === 0) problems.push(`vitest failed outside of a test (exit code ${exitCode ?? 'none'})`)
  return {
    passed,
    failed: failed + problems.length,
    details: [...problems, ...broken.map((file) => `Could not be run: ${String(file.name)}`)].join('\n'),
    ...(skipped.length === 0 ? {} : { note: describeSkipped(skipped, isCi) }),
  }
}

interface ReportedTest {
  readonly title: string
  readonly status: string
}

function testsOf(file: JsonObject): readonly ReportedTest[] {
  if (!Array.isArray(file.assertionResults)) return []
  return file.assertionResults
    .filter(isObject)
    .map((test) => ({ title: String(test.fullName), status: String(test.status) }))
}

function describeSkipped(skipped: readonly (ReportedTest & { readonly file: string })[], isCi: boolean): string {
  const heading = `SKIPPED: ${skipped.length} ${isCi ? '(counted as failed, because CI is set)' : '(would fail in CI)'}`
  return [heading, ...skipped.map(({ file, title }) => `  ${title}  ${file}`)].join('\n')
}
