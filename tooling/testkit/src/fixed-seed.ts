/**
 * Loaded by vitest before each test file: property tests try the same cases each time, so that a run says something about the change and not about
 * luck. HOLDFAST_SEED=<number> tries others; a failure prints its seed in any case.
 */
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env['HOLDFAST_SEED'] ?? 1) })
