export type { LocatorOptions } from './core/locator-options.js'
export type { Failure, FailureOutcome, LeasedRequest, Locator, Progress, WorkRequest } from './locator.js'
