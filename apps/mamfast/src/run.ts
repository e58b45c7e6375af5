import {
  type AppResult,
  codeOf,
  completionScript,
  harmlessJson,
  type ProcessLike,
  parseCommandLine,
  readVersion,
  runApp,
} from '@holdfast/cli-kit'
import { parseLocalTime } from '@holdfast/state/ledger-reader'
import { Context } from './context.js'
import { execute } from './execute.js'
import { buildProgram, type Program } from './program.js'
import type { StateRequest } from './requests.js'
import { resolveStatePath } from './state-path.js'

const KNOWN_ERRORS = [
  'ERR_STATE',
  'ERR_LEDGER',
  'ERR_LOCK',
  'ERR_MISSING_ROOT',
  'ERR_INVALID_STATUS',
  'ERR_CONFIGURATION',
  'ERR_ATOMIC_FILE',
  'ERR_NOT_A_REGULAR_FILE',
  'ERR_INVALID_UTF8',
] as const

/** The whole program: reads the command line of `proc`, does the work, prints the result, and resolves to the exit code. */
export async function run(proc: ProcessLike): Promise<number> {
  const args = proc.argv.slice(2)
  const json = args.includes('--json') || args.includes('-j')
  return runApp(proc, { name: 'mamfast', knownErrors: KNOWN_ERRORS, hintOf, json }, async (signal) => {
    const version = readVersion(new URL('../package.json', import.meta.url))
    const program = buildProgram({ version, now: Date.now, parseTime: parseLocalTime })
    const parsed = parseCommandLine(program.command, args)
    return parsed === 'run' ? answer(proc, program, signal) : { text: parsed.printed }
  })
}

async function answer(proc: ProcessLike, program: Program, signal: AbortSignal): Promise<AppResult> {
  const request = program.request()
  if (request === undefined) return { text: program.command.helpInformation() }
  if (request.name === 'completion') return { text: completionScript(request.shell, 'mamfast') }
  if (request.name === 'complete') {
    const { completeWords } = await import('./complete.js')
    return { text: await completeWords(proc, program, request) }
  }
  return work(proc, program, request, signal)
}

async function work(
  proc: ProcessLike,
  program: Program,
  request: StateRequest,
  signal: AbortSignal,
): Promise<AppResult> {
  const common = program.common()
  const { stateFile, config } = common
  const path = await resolveStatePath({ stateFile, config, env: proc.env, currentDir: proc.cwd() })
  const context = new Context(proc, path, common, signal)
  context.logger.info(`The ledger is '${path}'`)
  const { console, document, exitCode = 0 } = await execute(context, request)
  const text = request.json ? `${harmlessJson(JSON.stringify(document, null, 2))}\n` : console.text
  return { text, exitCode }
}

/** What the packages leave to their caller, in words of this command line. */
function hintOf(error: Error): string | undefined {
  switch (codeOf(error)) {
    case 'ERR_MISSING_ROOT':
      return 'Mount what belongs there and prune again; if the files are really gone, add --force'
    case 'ERR_LEDGER_EXISTS':
      return 'Choose another file, or add --overwrite'
    case 'ERR_STATE_LOCK':
    case 'ERR_LOCK_TIMEOUT':
    case 'ERR_LOCK_EXISTS':
      return 'Another program is changing the ledger: try again, or wait longer with --lock-timeout SECONDS'
    default:
      return undefined
  }
}
