import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { parsePointer } from '../json-path.js'
import { UsageError } from './cli-errors.js'
import { tryParseInstant } from './instant.js'

/** What all commands take. */
export interface CommonOptions {
  readonly document: string
  readonly folder: string | undefined
  readonly logName: string | undefined
  /** The first one encrypts, all decrypt. */
  readonly keyFiles: readonly string[]
  readonly acceptPlain: boolean
  readonly waitMs: number
  readonly dryRun: boolean
}

export type Request =
  | {
      readonly name: 'show'
      readonly pointer: string
      readonly at: number | undefined
      readonly backup: string | undefined
    }
  | { readonly name: 'history' | 'backups'; readonly limit: number }
  | {
      readonly name: 'restore'
      readonly backup: string | undefined
      readonly to: number | undefined
      readonly yes: boolean
    }
  | { readonly name: 'diff'; readonly before: string; readonly after: string }
  | { readonly name: 'verify' | 'checkpoint' }

/** What the command line asks for: work, or only a text to print. */
export type ParsedCommandLine =
  | { readonly options: CommonOptions; readonly request: Request }
  | { readonly printed: string }

const EPILOGUE = `
An INSTANT is 2026-03-01T08:00:00Z, also with a fraction or an offset, or without a time; UTC unless it says otherwise.
A BACKUP is the name or path of one, or any other file that holds a document.
Options may stand before or after the command.

Exit codes:
  0    success
  1    known failure: document missing or damaged, wrong key, lock held, disk full, verify found something, restore declined
  2    wrong usage or an unexpected error
  130  interrupted; nothing was changed`

/**
 * @throws UsageError that says what is wrong.
 * @example parseCommandLine(['show', 'pipeline.json', '/phase1'], '1.0.0')
 */
export function parseCommandLine(args: readonly string[], version: string): ParsedCommandLine {
  const output = { printed: '', complaint: '' }
  let parsed: { readonly document: string; readonly request: Request } | undefined
  const program = defineProgram(version, (document, request) => {
    parsed = { document, request }
  })
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => {
        output.printed += text
      },
      writeErr: (text) => {
        output.complaint += text
      },
    })
  }
  try {
    program.parse(args.length === 0 ? ['--help'] : [...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0 && args.length > 0) return { printed: output.printed }
    const complaint = args.length === 0 ? 'missing command' : output.complaint.trim().replace(/^error: /, '')
    throw new UsageError(`${complaint}\nSee 'holdfast-state --help'`, { cause: error })
  }
  if (parsed === undefined) throw new UsageError("missing command\nSee 'holdfast-state --help'")
  const given: Readonly<Record<string, unknown>> = program.opts()
  const { document, request } = parsed
  const options: CommonOptions = {
    document,
    folder: textOf(given.folder),
    logName: textOf(given.logName),
    keyFiles: Array.isArray(given.keyFile) ? given.keyFile.map(String) : [],
    acceptPlain: given.acceptPlain === true,
    waitMs: Number(given.wait) * 1000,
    dryRun: given.dryRun === true,
  }
  if (options.acceptPlain && options.keyFiles.length === 0) {
    throw new UsageError("option '--accept-plain' needs '--key-file'\nSee 'holdfast-state --help'")
  }
  return { options, request }
}

type Take = (document: string, request: Request) => void

function defineProgram(version: string, take: Take): Command {
  const program = new Command('holdfast-state')
    .description('Looks at, checks and restores a document that @holdfast/txn-store keeps.')
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .option('--json', 'print the result as one JSON document')
    .option('--dry-run', 'say what would be done; write nothing')
    .addOption(
      new Option('--key-file <file>', 'the key of an encrypted document; more than once for older keys').argParser(
        (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
      ),
    )
    .option('--accept-plain', 'with --key-file: also take files that are not encrypted')
    .option('--folder <folder>', 'where backups, history and journal are, beside the document (default: ".pipeline")')
    .option('--log-name <name>', 'the name of the history in that folder')
    .addOption(new Option('--wait <seconds>', 'how long to wait for the lock').default(10).argParser(parseSeconds))
    .addHelpText('after', EPILOGUE)
  const define = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .configureHelp({ showGlobalOptions: true })
      .argument('<document>', 'the JSON file')
  define('show', 'print the document, or the part of it at a JSON Pointer; also what waits in the journal')
    .addArgument(program.createArgument('[pointer]', 'such as /phase1/status').argParser(checkPointer))
    .addOption(new Option('--at <instant>', 'as it was then').argParser(parseInstant).conflicts('backup'))
    .option('--backup <backup>', 'as it is in this backup')
    .action((document: string, pointer: string | undefined, { at, backup }: { at?: number; backup?: string }) =>
      take(document, { name: 'show', pointer: pointer ?? '', at, backup }),
    )
  define('history', 'who changed what, newest first')
    .addOption(limitOption(20))
    .action((document: string, { limit }: { limit: number }) => take(document, { name: 'history', limit }))
  define('backups', 'the states that were replaced, newest first')
    .addOption(limitOption(10))
    .action((document: string, { limit }: { limit: number }) => take(document, { name: 'backups', limit }))
  define('restore', 'make the document what it was; what it is now is kept as a backup')
    .argument('[backup]', 'the backup to restore')
    .addOption(new Option('--to <instant>', 'what it was then, from backups and history').argParser(parseInstant))
    .option('-y, --yes', 'do not ask')
    .action((document: string, backup: string | undefined, { to, yes }: { to?: number; yes?: boolean }) => {
      if ((backup === undefined) === (to === undefined)) {
        throw new UsageError("give either a backup or '--to'\nSee 'holdfast-state restore --help'")
      }
      take(document, { name: 'restore', backup, to, yes: yes === true })
    })
  define('diff', 'what changed from one state to another; as JSON Patch with --json')
    .argument('<before>', "a backup, an instant or 'current'")
    .argument('<after>', 'the same')
    .action((document: string, before: string, after: string) => take(document, { name: 'diff', before, after }))
  define('verify', 'check document, journal, history and backups; exit code 1 when something is wrong').action(
    (document: string) => take(document, { name: 'verify' }),
  )
  define('checkpoint', 'write what waits in the journal into the document, and settle what a crash has left').action(
    (document: string) => take(document, { name: 'checkpoint' }),
  )
  return program
}

function limitOption(limit: number): Option {
  return new Option('--limit <number>', 'at most so many').default(limit).argParser(parseLimit)
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(limit) && limit > 0) return limit
  throw new InvalidArgumentError('It must be a whole number from 1 on.')
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && seconds <= MAX_WAIT_SECONDS) return seconds
  throw new InvalidArgumentError(`It must be a number of seconds up to ${MAX_WAIT_SECONDS}.`)
}

const MAX_WAIT_SECONDS = 86_400

function parseInstant(text: string): number {
  const instant = tryParseInstant(text)
  if (instant !== undefined) return instant
  throw new InvalidArgumentError('It must look like 2026-03-01T08:00:00Z.')
}

function checkPointer(text: string): string {
  try {
    parsePointer(text)
    return text
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? `${error.message}.` : '')
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
