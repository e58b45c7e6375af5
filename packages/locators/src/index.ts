export type { Failure, FailureOutcome, LeasedRequest, Locator, Progress, WorkRequest } from './locator.js'
