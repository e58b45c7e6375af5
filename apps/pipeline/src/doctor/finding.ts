/** What was looked at, and how it is. A `warning` stops nothing. */
export interface Finding {
  readonly check: 'programs' | 'folders' | 'space' | 'state' | 'input' | 'environment'
  readonly level: 'ok' | 'warning' | 'failed'
  readonly message: string
  /** What to do about it. */
  readonly fix: string | undefined
}
