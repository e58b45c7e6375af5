export interface OutputStream {
  readonly isTTY?: boolean
  /** File descriptor, if it has one. */
  readonly fd?: number
  write(text: string, callback: (error?: Error | null) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** The part of `process` that the command line uses; tests may pass their own. */
export interface ProcessLike {
  readonly argv: readonly string[]
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: OutputStream
  readonly stderr: OutputStream & NodeJS.WritableStream
  exit(code: number): void
  on(event: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  off(event: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
}
