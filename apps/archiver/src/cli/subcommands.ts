import type { Command } from 'commander'

/** What a subcommand asks for. */
export type CommandRequest = { readonly name: 'ucondb check' } | { readonly name: 'ucondb create-folder' }

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
}

function withConfig(command: Command): Command {
  return command.argument('[config]', 'the YAML configuration file', 'config.yaml')
}
