import { readFileSync } from 'node:fs'
import { errorCode } from '@holdfast/atomic-file'
import { ask } from './ask.js'
import { assertOwner } from './assert-owner.js'
import { InterruptedError, UsageError } from './cli-errors.js'
import type { ChangeContext, CommandResult } from './command-result.js'
import { backups } from './commands/backups.js'
import { checkpoint } from './commands/checkpoint.js'
import { diffStates } from './commands/diff.js'
import { history } from './commands/history.js'
import { restore } from './commands/restore.js'
import { show } from './commands/show.js'
import { verify } from './commands/verify.js'
import { EXIT, exitCodeFor } from './exit-codes.js'
import { explainError, renderExplanation } from './explain-error.js'
import { harmless, toJson } from './harmless.js'
import { OpenedDocument } from './opened-document.js'
import { type CommonOptions, parseCommandLine, type Request } from './options.js'
import { OutputError, printResult } from './print-result.js'
import type { ProcessLike } from './process-like.js'

/** The whole program: reads the command line of `proc`, does the work, prints the result, and resolves to the exit code. */
export async function run(proc: ProcessLike): Promise<number> {
  // What cannot be written is told by the callback of each write.
  proc.stdout.on('error', () => undefined)
  proc.stderr.on('error', () => undefined)
  const asJson = proc.argv.includes('--json')
  try {
    const parsed = parseCommandLine(proc.argv.slice(2), readVersion())
    if ('printed' in parsed) {
      await printResult(proc.stdout, parsed.printed)
      return EXIT.success
    }
    const {
      text,
      document,
      notes = [],
      exitCode = EXIT.success,
    } = await interruptible(proc, changes(parsed), (signal) => execute(proc, parsed.options, parsed.request, signal))
    await printResult(proc.stdout, asJson ? `${toJson(document)}\n` : text)
    for (const note of notes) tell(proc, harmless(note))
    return exitCode
  } catch (error) {
    const exitCode = exitCodeFor(error)
    const isBug = exitCode === EXIT.unexpected && errorCode(error) !== 'ERR_USAGE'
    tell(proc, isBug ? describeBug(error) : describe(error))
    if (asJson && !(error instanceof OutputError)) {
      await printResult(proc.stdout, `${toJson({ error: explainError(error), exitCode })}\n`).catch(() => undefined)
    }
    return exitCode
  }
}

async function execute(
  proc: ProcessLike,
  options: CommonOptions,
  request: Request,
  signal: AbortSignal,
): Promise<CommandResult> {
  const note = (text: string): void => tell(proc, harmless(text))
  const opened = await OpenedDocument.open(options, {
    onRecovered: note,
    onWarning: (error) => note(error instanceof Error ? error.message : String(error)),
  })
  const context: ChangeContext = {
    dryRun: options.dryRun,
    note,
    signal,
    confirm: (question) => agree(proc, question, signal),
  }
  try {
    if (changes({ options, request })) assertOwner(opened.storage.layout)
    switch (request.name) {
      case 'show':
        return await show(opened, request)
      case 'history':
        return await history(opened, request.limit)
      case 'backups':
        return await backups(opened, request.limit)
      case 'restore':
        return await restore(opened, request, options, context)
      case 'diff':
        return await diffStates(opened, request)
      case 'verify':
        return await verify(opened)
      case 'checkpoint':
        return await checkpoint(opened, context, options.waitMs)
    }
  } finally {
    await opened.storage.close()
  }
}

async function agree(proc: ProcessLike, question: string, signal: AbortSignal): Promise<boolean> {
  if (proc.stdin.isTTY !== true) {
    throw new UsageError("restore asks before it replaces a document, and there is no terminal; add '--yes'")
  }
  return ask(proc, harmless(question), signal)
}

function changes({ options, request }: { readonly options: CommonOptions; readonly request: Request }): boolean {
  return !options.dryRun && (request.name === 'restore' || request.name === 'checkpoint')
}

/**
 * The first signal ends a command that only reads, and calls off what has not begun to be written; the second ends the process at once, which harms nothing
 * either.
 */
async function interruptible<T>(
  proc: ProcessLike,
  isChange: boolean,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!isChange || controller.signal.aborted) proc.exit(EXIT.interrupted)
    controller.abort(new InterruptedError(`Interrupted by ${signal}; nothing was changed`))
  }
  for (const signal of SIGNALS) proc.on(signal, onSignal)
  try {
    return await work(controller.signal)
  } catch (error) {
    // Timers, locks and questions reject in their own ways when they are called off.
    if (controller.signal.aborted && errorCode(error) !== 'ERR_STATE_WRITE') throw controller.signal.reason
    throw error
  } finally {
    for (const signal of SIGNALS) proc.off(signal, onSignal)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function tell({ stderr }: ProcessLike, text: string): void {
  stderr.write(`holdfast-state: ${text}\n`, () => undefined)
}

function describe(error: unknown): string {
  // What commander and we say about the usage has lines of its own, and nothing of the document.
  if (error instanceof UsageError) return error.message.split('\n').map(harmless).join('\n')
  return renderExplanation(explainError(error))
}

function describeBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `unexpected error, please report it\n${stack.split('\n').map(harmless).join('\n')}`
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined
  return String(version)
}
