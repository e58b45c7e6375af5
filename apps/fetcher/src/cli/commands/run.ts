import { describeTerminal, EXIT } from '@holdfast/cli-kit'
import { planFetcher, type RunFetcherDeps, runFetcher } from '../../run/run-fetcher.js'
import type { RunEvent } from '../../run/runner.js'
import { startServer } from '../../serve/server.js'
import type { CommandResult, Context } from '../context.js'
import { ProgressLine } from '../progress-line.js'
import { renderPlan, renderResult } from '../render-run.js'
import type { RunRequest } from '../requests.js'

export async function run(context: Context, request: RunRequest): Promise<CommandResult> {
  const { fetcher, concurrency, since, until, limit, maxRetries } = request
  const { proc, common, place } = context
  const deps: RunFetcherDeps = { env: place.env, currentDir: place.currentDir }
  const options = { concurrency, since, until, limit, maxRetries, configDir: common.configDir }
  requireOrder(since, until)
  if (common.dryRun) {
    const plan = await planFetcher(fetcher, options, deps)
    return { text: renderPlan(plan), document: plan }
  }
  const progress = new ProgressLine(proc.stderr, describeTerminal(proc.stderr, proc.env), fetcher)
  const say = (text: string): void => progress.aside(() => context.note(text))
  const onDrain = (): void => say('finishing what is under way; interrupt again to stop at once')
  context.signal.addEventListener('abort', onDrain, { once: true })
  const server =
    request.metricsPort === undefined
      ? undefined
      : await startServer({ names: [fetcher], place, host: '127.0.0.1', port: request.metricsPort })
  if (server !== undefined) say(`health and metrics on ${server.url}`)
  try {
    const result = await runFetcher(
      fetcher,
      {
        ...options,
        signal: context.signal,
        stopSignal: context.stopSignal,
        onStart: (view) => progress.start(view),
        onEvent: (event) => {
          const text = describe(event, common.verbose, progress)
          if (text !== undefined) say(text)
        },
      },
      deps,
    )
    progress.end()
    for (const { locator, message, hint } of result.errors) {
      context.note(`${locator}: ${message}`)
      if (hint !== null) context.note(hint)
    }
    const wasInterrupted = result.end === 'drained' || result.end === 'stopped'
    const exitCode = wasInterrupted ? EXIT.interrupted : result.ok ? EXIT.success : EXIT.failure
    return { text: renderResult(result), document: result, exitCode }
  } finally {
    progress.end()
    context.signal.removeEventListener('abort', onDrain)
    await server?.close()
  }
}

function requireOrder(since: string | undefined, until: string | undefined): void {
  if (since === undefined || until === undefined || since <= until) return
  throw Object.assign(new Error(`--since ${since} is after --until ${until}`), { code: 'ERR_USAGE' })
}

function describe(event: RunEvent, verbose: boolean, progress: ProgressLine): string | undefined {
  if (event.type !== 'failed') return undefined
  const { job, nextAttemptAtMs } = event
  const message = progress.hide(event.error instanceof Error ? event.error.message : String(event.error))
  if (nextAttemptAtMs === null) return `given up: ${message.includes(job.name) ? message : `${job.name}: ${message}`}`
  return verbose ? `${message}; next attempt at ${new Date(nextAttemptAtMs).toISOString()}` : undefined
}
