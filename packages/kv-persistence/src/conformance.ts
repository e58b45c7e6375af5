/**
 * What every `KvStore` must do, as named checks that need no test framework: each throws an `AssertionError` when the store fails it.
 *
 * @example for (const { name, run } of kvConformanceChecks(harness)) test(name, run)
 */
export {
  type ConformanceCheck,
  type KvHarness,
  type KvTestStore,
  kvConformanceChecks,
} from './conformance/suite.js'
