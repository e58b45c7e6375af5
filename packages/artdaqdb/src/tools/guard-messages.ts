/** What is said to the guard of a tool. */
export type GuardOrder =
  | {
      readonly type: 'start'
      readonly program: string
      readonly args: readonly string[]
      readonly env: Readonly<Record<string, string>>
      /** Between SIGTERM and SIGKILL. */
      readonly graceMs: number
    }
  | { readonly type: 'end' }

/** What the guard says. */
export type GuardAnswer =
  | { readonly type: 'not-started'; readonly code: string }
  | { readonly type: 'ended'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
