import type { CommandRequest, WatchRequest } from '../cli/subcommands.js'
import type { Execution } from '../execution.js'
import type { CommandContext } from './command.js'
import { checkArchive, createArchiveFolder } from './ucondb.js'

export function runCommand(
  request: Exclude<CommandRequest, WatchRequest>,
  context: CommandContext,
): Promise<Execution> {
  switch (request.name) {
    case 'ucondb check':
      return checkArchive(context)
    case 'ucondb create-folder':
      return createArchiveFolder(context)
  }
}
