/**
 * What every `RunArchive` must do, as named checks that need no test framework: each throws an `AssertionError` when the archive fails it.
 *
 * @example for (const { name, run } of archiveConformanceChecks(harness)) test(name, run)
 */
export {
  type ArchiveHarness,
  archiveConformanceChecks,
  type ConformanceCheck,
  type TestStore,
} from './conformance/suite.js'
