/** A pipeline as the rest of the program sees it: checked, with every default filled in; texts may still hold variables. */

export interface Pipeline {
  readonly name: string
  /** Where it was defined; what messages call it. */
  readonly source: string
  /** Relative paths are relative to this folder, which is absolute. */
  readonly folder: string
  /** The text that gives an input its id. @default '${input.stem}' */
  readonly fileId: string
  readonly params: Readonly<Record<string, ParamValue>>
  /** How many there are of each resource. */
  readonly slots: Readonly<Record<string, number>>
  /** In an order in which each comes after those it needs. */
  readonly phases: readonly Phase[]
}

export type ParamValue = string | number | boolean

export interface Phase {
  /** Its name in pipeline.json, such as `phase1`. */
  readonly id: string
  readonly name: string
  readonly work: CommandWork | FunctionWork
  readonly timeoutMs: number | undefined
  readonly quietTimeoutMs: number | undefined
  readonly retries: RetryRules
  readonly needs: readonly string[]
  readonly inputs: readonly string[]
  readonly outputs: Readonly<Record<string, OutputRule>>
  readonly params: Readonly<Record<string, ParamValue>>
  /** One run of the work for each item. */
  readonly items: ItemsRule | undefined
  /** A command that has to succeed before the outputs count. */
  readonly check: readonly string[] | undefined
  /** A failure of it does not fail the run, nor what needs it. */
  readonly optional: boolean
  /** Those that need it may go on when some of its items have failed. */
  readonly acceptPartial: boolean
  readonly slots: Readonly<Record<string, number>>
}

export interface CommandWork {
  readonly kind: 'command'
  /** The program and its arguments, or one line for `/bin/sh -c`. */
  readonly argv: readonly string[] | undefined
  readonly shellLine: string | undefined
  readonly cwd: string
  /** Variables of the environment that it gets to see, beside those that are set. */
  readonly pass: readonly string[]
  readonly set: Readonly<Record<string, string>>
}

export interface FunctionWork {
  readonly kind: 'function'
  readonly run: (context: PhaseContext) => unknown
}

export interface RetryRules {
  /** Attempts after the first. */
  readonly max: number
  readonly delayMs: number
  readonly factor: number
  readonly maxDelayMs: number
  /** The only exit codes after which it is tried again. @default any failure */
  readonly exitCodes: readonly number[] | undefined
}

export interface OutputRule {
  /** A path or a glob. */
  readonly path: string
  readonly minBytes: number
  /** It counts although this attempt did not write it. */
  readonly mayBeOld: boolean
}

export interface ItemsRule {
  /** A glob, or the outputs of another phase: one item for each file. */
  readonly from: string
  readonly id: string
}

/** What a phase in TypeScript works with. */
export interface PhaseContext {
  /** The absolute path of the input. */
  readonly input: string
  readonly fileId: string
  readonly item: { readonly id: string; readonly path: string; readonly index: number } | undefined
  readonly params: Readonly<Record<string, ParamValue>>
  /** What the state has recorded of this input in a phase (read only); `undefined` when there is nothing. */
  readonly state: { readonly phase: (id: string) => Readonly<Record<string, unknown>> | undefined }
  /** The absolute paths of the outputs of a phase that this one needs. */
  readonly outputs: (phase: string, name: string) => readonly string[]
  /** Absolute paths that this phase has to write, by the names of its outputs; globs are left as they are. */
  readonly targets: Readonly<Record<string, string>>
  /** Tells how far it is, from 0 to 1. */
  readonly progress: (done: number, message?: string) => void
  /** Kept in the state with the result. */
  readonly metric: (name: string, value: number | string) => void
  /** Aborts at a timeout and when the run is called off. */
  readonly signal: AbortSignal
  readonly attempt: number
}
