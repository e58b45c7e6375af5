import { readVersion } from '../version.js'
import { ask } from './ask.js'
import { UsageError } from './cli-errors.js'
import type { CommandContext, CommandResult, ReadyCommand } from './command.js'
import { EXIT, exitCodeFor, isUsage } from './exit-codes.js'
import { explainError, renderExplanation } from './explain-error.js'
import { harmless, harmlessLines, toJson } from './harmless.js'
import { OutputError, print, tell } from './output.js'
import { parseCommandLine } from './parse-command-line.js'
import type { ProcessLike } from './process-like.js'
import { interruptible } from './signals.js'

export interface RunDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
}

/** The whole program: reads the command line of `proc`, does the work, prints the result, and resolves to the exit code. */
export async function run(proc: ProcessLike, { now = Date.now }: RunDeps = {}): Promise<number> {
  // What cannot be written is told by the callback of each write.
  proc.stdout.on('error', () => undefined)
  proc.stderr.on('error', () => undefined)
  const asJson = proc.argv.includes('--json')
  try {
    const parsed = parseCommandLine(proc.argv.slice(2), readVersion())
    if ('printed' in parsed) {
      await print(proc.stdout, parsed.printed)
      return EXIT.success
    }
    const { work, dryRun } = parsed
    const { text, document, exitCode = EXIT.success } = await execute(proc, work, { asJson, dryRun, now })
    await print(proc.stdout, asJson ? (document === undefined ? '' : `${toJson(document)}\n`) : text)
    return exitCode
  } catch (error) {
    const exitCode = exitCodeFor(error)
    const isBug = exitCode === EXIT.unexpected && !isUsage(error)
    tell(proc.stderr, isBug ? describeBug(error) : renderExplanation(explainError(error)))
    if (asJson && !(error instanceof OutputError)) {
      await print(proc.stdout, `${toJson({ error: explainError(error), exitCode })}\n`).catch(() => undefined)
    }
    return exitCode
  }
}

function execute(
  proc: ProcessLike,
  work: ReadyCommand,
  options: Pick<CommandContext, 'asJson' | 'dryRun' | 'now'>,
): Promise<CommandResult> {
  const tellDirectly = (line: string): void => tell(proc.stderr, line)
  let show = tellDirectly
  const note = (text: string): void => show(harmless(text))
  return interruptible(proc, note, ({ signal, hurry }) =>
    work({
      ...options,
      signal,
      hurry,
      note,
      redirectNotes: (other) => {
        show = other ?? tellDirectly
      },
      confirm: (question) => agree(proc, question, signal),
      terminal: proc.stderr,
      print: (text) => print(proc.stdout, text),
      output: proc.stdout,
      env: proc.env,
    }),
  )
}

async function agree(proc: ProcessLike, question: string, signal: AbortSignal): Promise<boolean> {
  if (proc.stdin.isTTY === true) return ask(proc, harmless(question), signal)
  throw new UsageError("the command asks before it does this, and there is no terminal; add '--yes'")
}

function describeBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `unexpected error, please report it\n${harmlessLines(stack)}`
}
