import { addCompletionCommands } from '@holdfast/cli-kit'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { isDay } from '../config/schema.js'
import type { CommonOptions, Request } from './requests.js'

export interface Program {
  readonly command: Command
  /** What the command line asked for; `undefined` before it is parsed. */
  request(): Request | undefined
  common(): CommonOptions
}

/** The commands and their options, as data for parsing, help and completion. */
export function buildProgram(version: string): Program {
  let request: Request | undefined
  const fetcher = (): Argument => new Argument('<name>', 'of a configuration, see list')
  const program = new Command('fetcher')
    .description('Fetches HTTP APIs and SFTP servers into bundles; loses nothing, repeats nothing.')
    .version(version, '-V, --version')
    .option('--config-dir <dir>', 'the folder of configurations (default: $FETCHER_CONFIG_DIR, else fetchers)')
    .option('-j, --json', 'print one JSON document')
    .option('--dry-run', 'say what would be done; write nothing')
    .option('-v, --verbose', 'tell every attempt that failed on the standard error')
    .addHelpText('after', EPILOGUE)
  program
    .command('run')
    .description('fetch until nothing is left to do')
    .addArgument(fetcher())
    .addOption(count('--concurrency <number>', 'requests at one time', 1))
    .addOption(day('--since <date>', 'first day, in place of that of the configuration'))
    .addOption(day('--until <date>', 'last day'))
    .addOption(count('--limit <number>', 'requests to make at most', 1))
    .addOption(count('--max-retries <number>', 'attempts after the first', 0))
    .addOption(port('--metrics-port <port>', 'serve health and metrics meanwhile; 0 takes a free port'))
    .action((name, options) => {
      const { concurrency, since, until, limit, maxRetries, metricsPort } = options
      request = { name: 'run', fetcher: name, concurrency, since, until, limit, maxRetries, metricsPort }
    })
  program
    .command('list')
    .description('show all configurations')
    .action(() => {
      request = { name: 'list' }
    })
  program
    .command('status')
    .description('show what is done, what waits, and who fetches now')
    .addArgument(fetcher())
    .action((name) => {
      request = { name: 'status', fetcher: name }
    })
  program
    .command('failures')
    .description('show what was given up, oldest first')
    .addArgument(fetcher())
    .addOption(count('-n, --limit <number>', 'how many (default: 20; with --json all)', 1))
    .action((name, options) => {
      request = { name: 'failures', fetcher: name, limit: options.limit ?? 0 }
    })
  program
    .command('retry')
    .description('give what was given up its attempts again')
    .addArgument(fetcher())
    .argument('[id]', 'only this one: the id or name that failures shows')
    .action((name, id) => {
      request = { name: 'retry', fetcher: name, id }
    })
  program
    .command('refresh')
    .description('fetch again, in the next run, what was fetched')
    .addArgument(fetcher())
    .argument('<url-or-id>', 'a URL, a remote path, or the id of a request')
    .action((name, id) => {
      request = { name: 'refresh', fetcher: name, id }
    })
  program
    .command('reset')
    .description('forget what is done, what waits and what failed; what was fetched stays')
    .addArgument(fetcher())
    .option('-y, --yes', 'do not ask')
    .action((name, options) => {
      request = { name: 'reset', fetcher: name, yes: options.yes === true }
    })
  program
    .command('stats')
    .description('show counters and times of all runs')
    .addArgument(fetcher())
    .action((name) => {
      request = { name: 'stats', fetcher: name }
    })
  program
    .command('serve')
    .description('serve /health, /ready, /status and /metrics (Prometheus), for runs of any process')
    .argument('[name...]', 'configurations (default: all)')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .addOption(port('--port <port>', '0 takes a free one').default(8080))
    .action((fetchers, options) => {
      request = { name: 'serve', fetchers, host: options.host, port: options.port }
    })
  addCompletionCommands(program, (chosen) => {
    request = chosen
  })
  return { command: program, request: () => request, common: () => commonOptions(program.opts()) }
}

function commonOptions(given: Readonly<Record<string, unknown>>): CommonOptions {
  return {
    configDir: typeof given.configDir === 'string' ? given.configDir : undefined,
    json: given.json === true,
    dryRun: given.dryRun === true,
    verbose: given.verbose === true,
  }
}

function count(flags: string, description: string, least: number): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`Write a whole number from ${least}.`)
  })
}

function port(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text)
    throw new InvalidArgumentError('Write a number from 0 to 65535.')
  })
}

function day(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (isDay(text)) return text
    throw new InvalidArgumentError('Write a day as 2026-01-31.')
  })
}

const EPILOGUE = `
Results go to the standard output, everything else to the standard error. A first interruption lets what is under way end, a second one stops it.

Exit codes:
  0    success
  1    known failure: requests that failed, a server that cannot be reached, a mistake in a configuration, a full disk
  2    wrong usage or an unexpected error
  130  interrupted; the next run goes on where this one ended`
