import type { CommandResult, Context } from './context.js'
import type { Request } from './requests.js'

/** Each command is loaded when it is needed. */
export async function execute(
  context: Context,
  request: Exclude<Request, { readonly name: 'complete' | 'completion' }>,
): Promise<CommandResult> {
  switch (request.name) {
    case 'run':
      return (await import('./commands/run.js')).run(context, request)
    case 'list':
      return (await import('./commands/list.js')).list(context)
    case 'status':
      return (await import('./commands/status.js')).status(context, request)
    case 'failures':
      return (await import('./commands/failures.js')).failures(context, request)
    case 'retry':
      return (await import('./commands/retry.js')).retry(context, request)
    case 'refresh':
      return (await import('./commands/refresh.js')).refresh(context, request)
    case 'reset':
      return (await import('./commands/reset.js')).reset(context, request)
    case 'stats':
      return (await import('./commands/stats.js')).stats(context, request)
    case 'serve':
      return (await import('./commands/serve.js')).serve(context, request)
  }
}
