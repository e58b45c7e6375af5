import type { ResolvedToolOptions } from './tool-options.js'

/** One use of a tool. */
export interface ToolJob {
  readonly tool: 'bulkloader' | 'bulkdownloader' | 'conftool'
  readonly args: readonly string[]
  /** For the loader, which gets the folder they are in. */
  readonly files?: readonly JobFile[]
  /** Gets the standard output; absent, its ends are kept. What it throws ends the tool. */
  readonly onOutput?: (bytes: Buffer) => void
  readonly signal?: AbortSignal | undefined
}

export interface JobFile {
  readonly name: string
  readonly data: Buffer
}

export interface JobEnd {
  /** Exit code; `undefined` when the tool was ended by a signal. */
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
  readonly timedOut: boolean
  /** Ends of what it printed. */
  readonly printed: string
  /** What the downloader left in its folder, by relative path. */
  readonly files: ReadonlyMap<string, Buffer>
}

/** Runs the tools on this host or on another one. */
export interface Transport {
  /** @throws DatabaseUnavailableError when the tool cannot be started at all, or its host cannot be reached. */
  run(job: ToolJob): Promise<JobEnd>
}

export interface TransportContext {
  readonly options: ResolvedToolOptions
  /** The address of the database, for the tools' environment only. */
  readonly uri: string
  readonly secrets: readonly string[]
  /** The database, for messages. */
  readonly location: string
}

export const NO_FILES: ReadonlyMap<string, Buffer> = new Map()
