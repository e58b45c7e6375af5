import type { CompletionRequest } from '@holdfast/cli-kit'
import type { ReleaseStage, ReleaseStatus } from '@holdfast/state'

/** What every command takes. */
export interface CommonOptions {
  readonly config: string | undefined
  readonly stateFile: string | undefined
  readonly dryRun: boolean
  readonly verbose: boolean
  readonly lockTimeoutMs: number
}

export interface ListRequest {
  readonly name: 'list'
  readonly json: boolean
  readonly processed: boolean
  readonly failed: boolean
  readonly limit: number | undefined
  readonly status: readonly ReleaseStatus[] | undefined
  readonly sinceMs: number | undefined
}

export interface PruneRequest {
  readonly name: 'prune'
  readonly json: boolean
  readonly staleOnly: boolean
  readonly failedOlderThanMs: number | undefined
  readonly force: boolean
  readonly yes: boolean
}

export interface RetryRequest {
  readonly name: 'retry'
  readonly json: boolean
  readonly ids: readonly string[]
  readonly byInfohash: boolean
  readonly fresh: boolean
  readonly yes: boolean
}

export interface ClearRequest {
  readonly name: 'clear'
  readonly json: boolean
  readonly ids: readonly string[]
  readonly byInfohash: boolean
  readonly stage: ReleaseStage | undefined
  readonly failed: boolean
  readonly yes: boolean
}

export interface ExportRequest {
  readonly name: 'export'
  readonly json: false
  readonly output: string | undefined
  readonly format: 'json' | 'csv'
}

export interface ShowRequest {
  readonly name: 'show'
  readonly json: boolean
  readonly ids: readonly string[]
  readonly byInfohash: boolean
}

export interface CheckRequest {
  readonly name: 'check'
  readonly json: boolean
}

export interface ConvertRequest {
  readonly name: 'convert'
  readonly json: boolean
  readonly target: string
  readonly to: 'json' | 'sqlite' | undefined
  readonly overwrite: boolean
}

export interface MergeRequest {
  readonly name: 'merge'
  readonly json: boolean
  readonly ids: readonly string[]
  readonly into: string
}

/** What is to be done with a ledger. */
export type StateRequest =
  | ListRequest
  | PruneRequest
  | RetryRequest
  | ClearRequest
  | ExportRequest
  | ShowRequest
  | CheckRequest
  | ConvertRequest
  | MergeRequest

export type Request = StateRequest | CompletionRequest
