import type { CommandRequest, WatchRequest } from '../cli/subcommands.js'
import type { Execution } from '../execution.js'
import { testAlerts } from './alerts.js'
import type { CommandContext } from './command.js'
import { extractRun } from './extract.js'
import { showFailures } from './failures.js'
import { showRun } from './show.js'
import { checkArchive, createArchiveFolder } from './ucondb.js'
import { verifyArchive } from './verify.js'

/** Without those that come before a configuration is read, or that go on for long. */
export type ConfiguredRequest = Exclude<CommandRequest, WatchRequest | { readonly name: 'doctor' }>

export function runCommand(request: ConfiguredRequest, context: CommandContext): Promise<Execution> {
  switch (request.name) {
    case 'alerts test':
      return testAlerts(context)
    case 'ucondb check':
      return checkArchive(context)
    case 'ucondb create-folder':
      return createArchiveFolder(context)
    case 'show':
      return showRun(request.run, context)
    case 'failures':
      return showFailures(request.stage, context)
    case 'extract':
      return extractRun(request, context)
    case 'verify':
      return verifyArchive(request, context)
  }
}
