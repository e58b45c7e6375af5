import { parseDuration } from '@holdfast/cli-kit'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { RunRange } from '../report/run-ranges.js'

/** What a subcommand asks for. */
export type CommandRequest =
  | { readonly name: 'alerts test' }
  | { readonly name: 'ucondb check' }
  | { readonly name: 'ucondb create-folder' }
  | { readonly name: 'show'; readonly run: number }
  | { readonly name: 'failures'; readonly stage: 'import' | 'migration' | undefined }
  | { readonly name: 'doctor' }
  | { readonly name: 'extract'; readonly run: number; readonly output: string }
  | { readonly name: 'verify'; readonly runs: readonly RunRange[] | undefined; readonly sample: number | undefined }
  | WatchRequest

/** Incremental executions again and again; the options of the program say of which kind. */
export interface WatchRequest {
  readonly name: 'watch'
  readonly intervalMs: number
  readonly settleMs: number
}

/** Commands that people run, also as another user than the archiver's: they leave its log file alone. */
export const WITHOUT_LOG_FILE: ReadonlySet<CommandRequest['name']> = new Set(['show', 'failures', 'extract', 'verify'])

/** Adds the subcommands to the program; `choose` is called with the one that was given. */
export function defineSubcommands(
  program: Command,
  choose: (request: CommandRequest, configPath: string) => void,
): void {
  const alerts = program.command('alerts').description('look after the alerts')
  withConfig(alerts.command('test'))
    .description('send a test message by every channel that is enabled, and say what each answered')
    .action((config: string) => choose({ name: 'alerts test' }, config))
  const ucondb = program.command('ucondb').description('look after the archive')
  withConfig(ucondb.command('check'))
    .description('say whether address, folder and credentials are right; store nothing')
    .action((config: string) => choose({ name: 'ucondb check' }, config))
  withConfig(ucondb.command('create-folder'))
    .description('make the folder; one that exists is left as it is')
    .action((config: string) => choose({ name: 'ucondb create-folder' }, config))

  withConfig(withRun(program.command('show')))
    .description('where a run is, what happened to it, and what to do next')
    .action((run: number, config: string) => choose({ name: 'show', run }, config))

  withConfig(program.command('failures'))
    .description('the runs of the failure logs, with their errors')
    .addOption(new Option('--stage <stage>', 'only those of one stage').choices(['import', 'migration']))
    .action((config: string, options: { stage?: 'import' | 'migration' }) =>
      choose({ name: 'failures', stage: options.stage }, config),
    )

  withConfig(program.command('doctor'))
    .description('look for everything that keeps the archiver from working; change nothing')
    .action((config: string) => choose({ name: 'doctor' }, config))

  withConfig(withRun(program.command('extract')))
    .description('unpack what the archive holds of a run into a new folder')
    .requiredOption('--output <folder>', 'the folder; it may exist, but must be empty')
    .action((run: number, config: string, options: { output: string }) =>
      choose({ name: 'extract', run, output: options.output }, config),
    )

  withConfig(program.command('verify'))
    .description('read archived runs back and compare them with artdaqDB')
    .option('--runs <ranges>', 'only these, such as 100-200,305', toRanges)
    .option('--sample <number>', 'only so many of them, chosen at random', toSampleSize)
    .action((config: string, options: { runs?: readonly RunRange[]; sample?: number }) =>
      choose({ name: 'verify', runs: options.runs, sample: options.sample }, config),
    )

  withConfig(program.command('watch'))
    .description(
      'archive new runs as with --incremental, at intervals and when run records appear, until it is stopped',
    )
    .option('--interval <duration>', 'from the end of one execution to the next, such as 10m or 90s', duration, 600_000)
    .option('--settle <duration>', 'how long nothing must change in a new run record', duration, 10_000)
    .action((config: string, { interval, settle }: { interval: number; settle: number }) =>
      choose({ name: 'watch', intervalMs: interval, settleMs: settle }, config),
    )
}

function withConfig(command: Command): Command {
  return command.argument('[config]', 'the YAML configuration file', 'config.yaml')
}

function withRun(command: Command): Command {
  return command.argument('<run>', 'the run number', (text) => toRun(text))
}

function toRun(text: string): number {
  const run = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(run)) throw new InvalidArgumentError(`'${text}' is not a run number.`)
  return run
}

function toRanges(text: string): readonly RunRange[] {
  return text.split(',').map((part) => {
    const [first, last = first, ...more] = part.split('-').map((run) => toRun(run.trim()))
    if (first === undefined || last === undefined || more.length > 0)
      throw new InvalidArgumentError(`'${part}' is not a range of runs.`)
    if (first > last) throw new InvalidArgumentError(`'${part}' ends before it begins.`)
    return [first, last]
  })
}

function toSampleSize(text: string): number {
  const size = /^[0-9]+$/.test(text) ? Number(text) : 0
  if (size < 1 || !Number.isSafeInteger(size))
    throw new InvalidArgumentError('It must be a whole number of at least 1.')
  return size
}

const LONGEST_MS = 86_400_000

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms < 1 || ms > LONGEST_MS)
    throw new InvalidArgumentError('It is a number with ms, s, m or h, at most 24h, such as 90s or 10m.')
  return ms
}
