export { ConfigurationError, CredentialsError, UnknownFetcherError } from './errors.js'
export {
  planFetcher,
  type RunFetcherDeps,
  type RunFetcherOptions,
  type RunView,
  runFetcher,
} from './run/run-fetcher.js'
export type { LocatorLeft, RunPlan, RunResult } from './run/run-result.js'
export type { RunEvent } from './run/runner.js'
export type { RunCounts } from './run/statistics.js'
