import { Command, CommanderError, Option } from 'commander'
import { UsageError } from '../errors.js'
import { type CommandRequest, defineSubcommands } from './subcommands.js'

export const MODES = {
  'import-only': 'import new runs into artdaqDB, nothing else',
  'migrate-only': 'migrate runs from artdaqDB to UconDB, nothing else',
  'retry-failed-import': 'retry the runs of the import failure log',
  'retry-failed-migrate': 'retry the runs of the migration failure log',
  'recover-import-state': 'rebuild the import state and failure log from the run records and artdaqDB',
  'recover-migrate-state': 'rebuild the migration state and failure log from artdaqDB and UconDB',
  'rebuild-database-index': "make artdaqDB's indexes anew from its documents, after damage",
  'report-status': 'report what each store holds; process nothing',
} as const

/** `archive` is what happens without a mode flag: import, then migrate. */
export type Mode = keyof typeof MODES | 'archive'

export interface ArchiverOptions {
  readonly configPath: string
  readonly mode: Mode
  /** Takes the place of the mode, which is then `archive`. */
  readonly command: CommandRequest | undefined
  readonly incremental: boolean
  readonly catchUp: boolean
  readonly compareState: boolean
  /** With `compareState`: exit code 1 on a discrepancy. */
  readonly exitCode: boolean
  /** Where the report goes as a page. */
  readonly htmlFile: string | undefined
  readonly validate: boolean
  readonly dryRun: boolean
  readonly json: boolean
  readonly workDir: string | undefined
  readonly console: 'normal' | 'verbose' | 'quiet'
}

/** What the command line asks for: work, or only a text to print. */
export type ParsedCommandLine = { readonly options: ArchiverOptions } | { readonly printed: string }

const EPILOGUE = `
Without a mode flag both stages run: import, then migration.

Exit codes:
  0    success
  1    known failure: configuration, lock held, store unreachable, at least one run failed
  2    wrong usage or an unexpected error
  130  interrupted; the runs in flight were finished and recorded

Ctrl-C once (or SIGTERM) finishes the runs in flight and stops; three times within two seconds stops at once.`

/**
 * @throws UsageError that says what is wrong.
 * @example parseCommandLine(['config.yaml', '--incremental'])
 */
export function parseCommandLine(args: readonly string[], version: string): ParsedCommandLine {
  let printed = ''
  let complaint = ''
  const command = new Command('archiver')
    .description('Archives run records: from a file system into artdaqDB and on into UconDB.')
    .version(version)
    .argument('[config]', 'the YAML configuration file', 'config.yaml')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        printed += text
      },
      writeErr: (text) => {
        complaint += text
      },
    })
    .addHelpText('after', EPILOGUE)
  const modes = Object.keys(MODES) as (keyof typeof MODES)[]
  for (const mode of modes) {
    command.addOption(
      new Option(`--${mode}`, MODES[mode]).conflicts(modes.filter((other) => other !== mode).map(toProperty)),
    )
  }
  command
    .option('--incremental', 'take only runs above the last attempted one, at most app.batch_size of them')
    .option('--catch-up', 'with --incremental: also take late runs, which appeared below that point')
    .option('--compare-state', 'with the report: compare the stores with the state files (implies --report-status)')
    .option('--exit-code', 'with --compare-state: exit with 1 when state and stores disagree')
    .option('--html <file>', 'with the report: write it as one HTML page, too (implies --report-status)')
    .option('--validate', 'after migration, check that the archived blobs hold the metadata they must')
    .option('--dry-run', 'say what would be done; write nothing')
    .option('--json', 'print the result as one JSON document')
    .option('--work-dir <folder>', 'use this folder in place of app.work_dir')
    .addOption(new Option('-v, --verbose', 'log at level DEBUG').conflicts('quiet'))
    .addOption(new Option('-q, --quiet', 'show warnings and errors only'))

  let configPath = 'config.yaml'
  let subcommand: CommandRequest | undefined
  command.action((config: string) => {
    configPath = config
  })
  defineSubcommands(command, (request, config) => {
    configPath = config
    subcommand = request
  })

  try {
    command.parse(
      args.map((arg) => (['/?', '/h', '/help'].includes(arg) ? '--help' : arg)),
      { from: 'user' },
    )
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { printed }
    throw new UsageError(`${complaint.trim().replace(/^error: /, '')}\nSee 'archiver --help'`, { cause: error })
  }

  const given: Readonly<Record<string, unknown>> = command.opts()
  const compareState = given.compareState === true
  let mode: Mode = modes.find((name) => given[toProperty(name)] === true) ?? 'archive'
  if (compareState && mode !== 'report-status' && mode !== 'archive') {
    throw new UsageError(`option '--compare-state' cannot be used with option '--${mode}'\nSee 'archiver --help'`)
  }
  const htmlFile = typeof given.html === 'string' ? given.html : undefined
  if (htmlFile !== undefined && mode !== 'report-status' && mode !== 'archive')
    throw new UsageError(`option '--html' cannot be used with option '--${mode}'\nSee 'archiver --help'`)
  if (htmlFile === '') throw new UsageError("option '--html' needs the name of a file\nSee 'archiver --help'")
  if (compareState || htmlFile !== undefined) mode = 'report-status'
  const exitCode = given.exitCode === true
  if (exitCode && !compareState)
    throw new UsageError("option '--exit-code' needs '--compare-state'\nSee 'archiver --help'")
  const watches = subcommand?.name === 'watch'
  if (subcommand !== undefined && mode !== 'archive' && !(watches && WATCHABLE.has(mode)))
    throw new UsageError(`option '--${mode}' cannot be used with a command\nSee 'archiver --help'`)
  if (watches && given.dryRun === true)
    throw new UsageError("'watch' has no dry run; use '--incremental --dry-run'\nSee 'archiver --help'")
  const incremental = given.incremental === true || watches
  const catchUp = given.catchUp === true
  if (catchUp && !incremental) throw new UsageError("option '--catch-up' needs '--incremental'\nSee 'archiver --help'")
  return {
    options: {
      configPath,
      mode,
      command: subcommand,
      incremental,
      catchUp,
      compareState,
      exitCode,
      htmlFile,
      validate: given.validate === true,
      dryRun: given.dryRun === true,
      json: given.json === true,
      workDir: typeof given.workDir === 'string' ? given.workDir : undefined,
      console: given.verbose === true ? 'verbose' : given.quiet === true ? 'quiet' : 'normal',
    },
  }
}

const WATCHABLE: ReadonlySet<Mode> = new Set(['import-only', 'migrate-only'])

function toProperty(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
