import { addCompletionCommands } from '@holdfast/cli-kit'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { parseCount, parseDuration, parseName, parseSeconds } from './option-values.js'
import type { CommonOptions, Request } from './requests.js'

export interface Program {
  readonly command: Command
  /** What the command line asked for; `undefined` before it is parsed. */
  request(): Request | undefined
  common(): CommonOptions
}

export interface ProgramDeps {
  readonly version: string
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Epoch milliseconds of a date-time as a person writes it. */
  readonly parseTime: (text: string) => number | undefined
}

export const STATUSES = [
  'DISCOVERED',
  'STAGED',
  'METADATA_FETCHED',
  'TORRENT_CREATED',
  'UPLOADED',
  'COMPLETE',
  'FAILED',
] as const
export const STAGES = ['staged', 'metadata', 'torrent', 'uploaded'] as const

/** The commands and their options, as data for parsing, help and completion. */
export function buildProgram({ version, now, parseTime }: ProgramDeps): Program {
  let request: Request | undefined
  const program = new Command('mamfast')
    .description('Looks after the ledger of releases.')
    .version(version, '-V, --version')
    .option('-c, --config <file>', 'the YAML configuration (default: config/config.yaml, if it is there)')
    .addOption(new Option('-s, --state-file <file>', 'the ledger, in place of paths.state_file').argParser(parseName))
    .option('--dry-run', 'say what would be done; write nothing')
    .addOption(
      new Option('--lock-timeout <seconds>', 'how long to wait for other programs')
        .default(10_000, '10')
        .argParser(parseSeconds),
    )
    .option('-v, --verbose', 'tell more on the standard error')
    .addHelpText('after', EPILOGUE)
  const state = program.command('state').description('show and mend the ledger')

  const json = (): Option => new Option('-j, --json', 'print one JSON document')
  const yes = (): Option => new Option('-y, --yes', 'do not ask, however many releases would go')
  const byInfohash = (): Option => new Option('--by-infohash', 'the ids are infohashes of torrents')
  const ids = (): Argument => new Argument('<id...>', 'ASINs, or the folders of releases without one')

  state
    .command('list')
    .description('show counts and the most recent releases')
    .option('--processed', 'only the processed')
    .option('--failed', 'only the failed')
    .addOption(
      new Option('-n, --limit <number>', 'how many of each (default: 20; with --json all)').argParser(parseCount),
    )
    .addOption(
      new Option('--status <status...>', 'only those with one of these statuses')
        .choices(STATUSES)
        .argParser(parseStatus),
    )
    .addOption(
      new Option(
        '--since <time>',
        'only those of this time or later: 2026-03-01, or 7d for the last seven days',
      ).argParser((text) => parseSince(text, now(), parseTime)),
    )
    .addOption(json())
    .action((options) => {
      request = {
        name: 'list',
        json: options.json === true,
        processed: options.processed === true,
        failed: options.failed === true,
        limit: options.limit,
        status: options.status,
        sinceMs: options.since,
      }
    })
  state
    .command('prune')
    .description('remove releases whose files are gone, or that failed long ago')
    .option('--stale-only', 'those that cannot go on because files are gone which their status needs (default)')
    .addOption(
      new Option(
        '--failed-older-than <age>',
        'those that failed longer ago than this (30d, 12h, 2w); these only, unless --stale-only is given, too',
      ).argParser(parseDuration),
    )
    .option('--force', 'also when a whole folder is missing or empty, as when a disk is not mounted')
    .addOption(yes())
    .addOption(json())
    .action((options) => {
      request = {
        name: 'prune',
        json: options.json === true,
        staleOnly: options.staleOnly === true,
        failedOlderThanMs: options.failedOlderThan,
        force: options.force === true,
        yes: options.yes === true,
      }
    })
  state
    .command('retry')
    .description('forget failures, so that the releases are taken again')
    .addArgument(ids())
    .addOption(byInfohash())
    .option('--fresh', 'begin at the first stage, not at the last checkpoint')
    .addOption(yes())
    .addOption(json())
    .action((given, options) => {
      request = {
        name: 'retry',
        json: options.json === true,
        ids: given,
        byInfohash: options.byInfohash === true,
        fresh: options.fresh === true,
        yes: options.yes === true,
      }
    })
  state
    .command('clear')
    .description('forget what was done of releases, checkpoints included, so that they are done again')
    .addArgument(ids())
    .addOption(byInfohash())
    .addOption(
      new Option(
        '--stage <stage>',
        'only this stage, to be done again; those behind it that are done stay done',
      ).choices(STAGES),
    )
    .option('--failed', 'forget their failures, too')
    .addOption(yes())
    .addOption(json())
    .action((given, options) => {
      request = {
        name: 'clear',
        json: options.json === true,
        ids: given,
        byInfohash: options.byInfohash === true,
        stage: options.stage,
        failed: options.failed === true,
        yes: options.yes === true,
      }
    })
  state
    .command('export')
    .description('write the whole ledger to the standard output or a file')
    .option('-o, --output <file>', 'write to this file, all at once')
    .addOption(new Option('--format <format>', 'of what is written').choices(['json', 'csv']).default('json'))
    .action((options) => {
      const { output, format } = options
      request = { name: 'export', json: false, output: output === '-' ? undefined : output, format }
    })
  state
    .command('show')
    .description('show all that is known of releases')
    .addArgument(ids())
    .addOption(byInfohash())
    .addOption(json())
    .action((given, options) => {
      request = { name: 'show', json: options.json === true, ids: given, byInfohash: options.byInfohash === true }
    })
  state
    .command('check')
    .description('look for what is wrong in the ledger; change nothing')
    .addOption(json())
    .action((options) => {
      request = { name: 'check', json: options.json === true }
    })
  state
    .command('merge')
    .description('make one release of a book that is there under several ids')
    .addArgument(ids())
    .requiredOption('--into <id>', 'the id to keep')
    .addOption(json())
    .action((given, options) => {
      request = { name: 'merge', json: options.json === true, ids: given, into: options.into }
    })
  state
    .command('convert')
    .description('write the ledger anew as a JSON file or an SQLite database')
    .argument('<file>', 'where to')
    .addOption(new Option('--to <kind>', 'what to make (default: by the name)').choices(['json', 'sqlite']))
    .option('--overwrite', 'replace the file that is there; it is kept as .bak')
    .addOption(json())
    .action((target, options) => {
      const { to, overwrite } = options
      request = { name: 'convert', json: options.json === true, target, to, overwrite: overwrite === true }
    })
  addCompletionCommands(program, (chosen) => {
    request = chosen
  })
  return { command: program, request: () => request, common: () => commonOptions(program.opts()) }
}

function commonOptions(given: Readonly<Record<string, unknown>>): CommonOptions {
  return {
    config: typeof given.config === 'string' ? given.config : undefined,
    stateFile: typeof given.stateFile === 'string' ? given.stateFile : undefined,
    dryRun: given.dryRun === true,
    verbose: given.verbose === true,
    lockTimeoutMs: Number(given.lockTimeout),
  }
}

function parseStatus(text: string, previous: readonly string[] | undefined): readonly string[] {
  const statuses = text.split(',').map((status) => status.trim().toUpperCase().replaceAll('-', '_'))
  const unknown = statuses.find((status) => !STATUSES.some((known) => known === status))
  if (unknown !== undefined) throw new InvalidArgumentError(`Choose from ${STATUSES.join(', ')}.`)
  return [...(previous ?? []), ...statuses]
}

function parseSince(text: string, now: number, parseTime: ProgramDeps['parseTime']): number {
  if (/^\d+[mhdw]$/i.test(text.trim())) return now - parseDuration(text)
  const time = parseTime(text)
  if (time === undefined) throw new InvalidArgumentError('Write it as 2026-03-01, 2026-03-01T08:15, or 7d.')
  return time
}

const EPILOGUE = `
Results go to the standard output, everything else to the standard error.

Exit codes:
  0    success, also when an id is not found
  1    known failure: damage, a lock that is held, no permission, a full disk; problems that 'check' found; a question answered with no
  2    wrong usage or an unexpected error
  130  interrupted; nothing was changed`
