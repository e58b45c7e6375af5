import type { CompletionRequest } from '@holdfast/cli-kit'

/** What a command line asks for. */
export type Request =
  | RunRequest
  | { readonly name: 'list' }
  | { readonly name: 'status'; readonly fetcher: string }
  | { readonly name: 'failures'; readonly fetcher: string; readonly limit: number }
  | { readonly name: 'retry'; readonly fetcher: string; readonly id: string | undefined }
  | { readonly name: 'refresh'; readonly fetcher: string; readonly id: string }
  | { readonly name: 'reset'; readonly fetcher: string; readonly yes: boolean }
  | { readonly name: 'stats'; readonly fetcher: string }
  | { readonly name: 'serve'; readonly fetchers: readonly string[]; readonly host: string; readonly port: number }
  | CompletionRequest

export interface RunRequest {
  readonly name: 'run'
  readonly fetcher: string
  readonly concurrency: number | undefined
  readonly since: string | undefined
  readonly until: string | undefined
  readonly limit: number | undefined
  readonly maxRetries: number | undefined
  readonly metricsPort: number | undefined
}

export interface CommonOptions {
  readonly configDir: string | undefined
  readonly json: boolean
  readonly dryRun: boolean
  readonly verbose: boolean
}
