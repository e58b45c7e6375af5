import { type Command, CommanderError } from 'commander'
import { UsageError } from './errors.js'

/** What a command line asks for: to run the command that was named, or only to print a text (help, version). */
export type ParsedCommandLine = { readonly printed: string } | 'run'

/**
 * Reads a command line with commander; the actions of the commands are to note what is to be done. Options of the program itself are understood before and
 * after the names of subcommands.
 *
 * @throws UsageError that says what is wrong and where to find help.
 */
export function parseCommandLine(program: Command, args: readonly string[]): ParsedCommandLine {
  let printed = ''
  let complaint = ''
  const output = {
    writeOut: (text: string) => {
      printed += text
    },
    writeErr: (text: string) => {
      complaint += text
    },
  }
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput(output).configureHelp({ showGlobalOptions: true })
  }
  try {
    program.parse([...args], { from: 'user' })
    return 'run'
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { printed }
    // A command that only groups others answers with its help.
    const text = error.code === 'commander.help' ? `A command is missing\n\n${complaint}` : complaint
    const hint = error.code === 'commander.help' ? '' : `\nSee '${program.name()} --help'`
    throw new UsageError(`${text.trim().replace(/^error: /, '')}${hint}`, { cause: error })
  }
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}
