import type { OutputStream } from '@holdfast/cli-kit'
import type { Command } from 'commander'
import type { ExitCode } from './exit-codes.js'

/** What a command has found or done. */
export interface CommandResult {
  /** For people, already harmless; each line ends with a line feed. */
  readonly text: string
  /** For programs. */
  readonly document: unknown
  /** @default 0 */
  readonly exitCode?: ExitCode
}

/** What a command may use of the world. */
export interface CommandContext {
  readonly asJson: boolean
  readonly dryRun: boolean
  /** Aborts at the first signal to end. */
  readonly signal: AbortSignal
  /** Aborts at the second. */
  readonly hurry: AbortSignal
  /** Asks on the terminal. @throws UsageError when there is none; it names `--yes` */
  readonly confirm: (question: string) => Promise<boolean>
  /** A line about the work, on stderr. */
  readonly note: (text: string) => void
  /** Lets a display that draws on stderr place such lines itself; `undefined` ends that. */
  readonly redirectNotes: (show: ((line: string) => void) | undefined) => void
  /** For a display of its own: stderr. */
  readonly terminal: OutputStream & NodeJS.WritableStream
  /** Prints a part of the result at once, for a command that goes on. */
  readonly print: (text: string) => Promise<void>
  /** For a display of the result: stdout. */
  readonly output: OutputStream & NodeJS.WritableStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

/** A command as commander has read it. */
export type ReadyCommand = (context: CommandContext) => Promise<CommandResult>

/** Adds a subcommand to the program; its action hands over what has to be done. */
export type DefineCommand = (program: Command, take: (work: ReadyCommand) => void) => void
