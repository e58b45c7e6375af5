import { parseDuration } from '@holdfast/cli-kit'
import { type Command, InvalidArgumentError } from 'commander'

/** What a subcommand asks for. */
export type CommandRequest =
  | { readonly name: 'ucondb check' }
  | { readonly name: 'ucondb create-folder' }
  | WatchRequest

/** Incremental executions again and again; the options of the program say of which kind. */
export interface WatchRequest {
  readonly name: 'watch'
  readonly intervalMs: number
  readonly settleMs: number
}

/** Adds the subcommands to the program; `choose` is called with the one that was given. */
export function defineSubcommands(
  program: Command,
  choose: (request: CommandRequest, configPath: string) => void,
): void {
  const ucondb = program.command('ucondb').description('look after the archive')
  withConfig(ucondb.command('check'))
    .description('say whether address, folder and credentials are right; store nothing')
    .action((config: string) => choose({ name: 'ucondb check' }, config))
  withConfig(ucondb.command('create-folder'))
    .description('make the folder; one that exists is left as it is')
    .action((config: string) => choose({ name: 'ucondb create-folder' }, config))
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

const LONGEST_MS = 86_400_000

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms < 1 || ms > LONGEST_MS)
    throw new InvalidArgumentError('It is a number with ms, s, m or h, at most 24h, such as 90s or 10m.')
  return ms
}
