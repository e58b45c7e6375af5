import type { CommandResult, Context } from './context.js'
import type { StateRequest } from './requests.js'

/** Each command is loaded when it is needed: most of the time of a short command is loading. */
export async function execute(context: Context, request: StateRequest): Promise<CommandResult> {
  switch (request.name) {
    case 'list':
      return (await import('./commands/list.js')).list(context, request)
    case 'prune':
      return (await import('./commands/prune.js')).prune(context, request)
    case 'retry':
      return (await import('./commands/retry.js')).retry(context, request)
    case 'clear':
      return (await import('./commands/clear.js')).clear(context, request)
    case 'export':
      return (await import('./commands/export.js')).exportLedger(context, request)
    case 'show':
      return (await import('./commands/show.js')).show(context, request)
    case 'check':
      return (await import('./commands/check.js')).check(context)
    case 'merge':
      return (await import('./commands/merge.js')).merge(context, request)
    case 'convert':
      return (await import('./commands/convert.js')).convert(context, request)
  }
}
