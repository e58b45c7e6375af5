import {
  ask,
  describeBug,
  harmless,
  OutputError,
  type ProcessLike,
  printResult,
  readVersion,
  renderExplanation,
  tell as tellAs,
  toHarmlessJson,
  UsageError,
} from '@holdfast/cli-kit'
import type { CommandContext, CommandResult, ReadyCommand } from './command.js'
import { EXIT, exitCodeFor, isUsage } from './exit-codes.js'
import { explainError } from './explain-error.js'
import { parseCommandLine } from './parse-command-line.js'
import { interruptible } from './signals.js'

/** The live screen of `status --watch` is drawn there. */
type PipelineProcess = ProcessLike & { readonly stdout: NodeJS.WritableStream }

export interface RunDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
}

/** The whole program: reads the command line of `proc`, does the work, prints the result, and resolves to the exit code. */
export async function run(proc: PipelineProcess, { now = Date.now }: RunDeps = {}): Promise<number> {
  // What cannot be written is told by the callback of each write.
  proc.stdout.on('error', () => undefined)
  proc.stderr.on('error', () => undefined)
  const asJson = proc.argv.includes('--json')
  try {
    const parsed = parseCommandLine(proc.argv.slice(2), readVersion(new URL('../../package.json', import.meta.url)))
    if ('printed' in parsed) {
      await printResult(proc.stdout, parsed.printed)
      return EXIT.success
    }
    const { work, dryRun } = parsed
    const { text, document, exitCode = EXIT.success } = await execute(proc, work, { asJson, dryRun, now })
    await printResult(proc.stdout, asJson ? (document === undefined ? '' : `${toHarmlessJson(document)}\n`) : text)
    return exitCode
  } catch (error) {
    const exitCode = exitCodeFor(error)
    const isBug = exitCode === EXIT.unexpected && !isUsage(error)
    tell(proc, isBug ? describeBug(error) : renderExplanation(explainError(error)))
    if (asJson && !(error instanceof OutputError)) {
      await printResult(proc.stdout, `${toHarmlessJson({ error: explainError(error), exitCode })}\n`).catch(
        () => undefined,
      )
    }
    return exitCode
  }
}

function execute(
  proc: PipelineProcess,
  work: ReadyCommand,
  options: Pick<CommandContext, 'asJson' | 'dryRun' | 'now'>,
): Promise<CommandResult> {
  const tellDirectly = (line: string): void => tell(proc, line)
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
      print: (text) => printResult(proc.stdout, text),
      output: proc.stdout,
      env: proc.env,
    }),
  )
}

async function agree(proc: ProcessLike, question: string, signal: AbortSignal): Promise<boolean> {
  if (proc.stdin.isTTY === true) return ask(proc, harmless(question), signal)
  throw new UsageError("the command asks before it does this, and there is no terminal; add '--yes'")
}

/** A line about the work. That it cannot be shown stops nothing. */
function tell(proc: ProcessLike, text: string): void {
  tellAs(proc, 'pipeline', text)
}
