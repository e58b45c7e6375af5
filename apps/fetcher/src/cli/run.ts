import {
  type AppResult,
  completionScript,
  type ProcessLike,
  parseCommandLine,
  readVersion,
  runApp,
  toHarmlessJson,
} from '@holdfast/cli-kit'
import { StoppedError } from '../errors.js'
import { Context } from './context.js'
import { execute } from './execute.js'
import { PatientProcess } from './patient-process.js'
import { buildProgram, type Program } from './program.js'

const KNOWN_ERRORS = [
  'ERR_FETCHER',
  'ERR_KV',
  'ERR_HTTP',
  'ERR_SFTP',
  'ERR_PAG',
  'ERR_NARROWING',
  'ERR_BUNDLE',
  'ERR_ARCHIVE',
  'ERR_ATOMIC_FILE',
  'ERR_INVALID_UTF8',
  'ERR_LOCK',
] as const

/** The whole program: reads the command line of `proc`, does the work, prints the result, and resolves to the exit code. */
export async function run(proc: ProcessLike): Promise<number> {
  const args = proc.argv.slice(2)
  const json = args.includes('--json') || args.includes('-j')
  const stop = new AbortController()
  const patient = new PatientProcess(proc, () => stop.abort(new StoppedError()))
  return runApp(patient, { name: 'fetcher', knownErrors: KNOWN_ERRORS, json }, async (signal) => {
    const program = buildProgram(readVersion(new URL('../../package.json', import.meta.url)))
    const parsed = parseCommandLine(program.command, args)
    if (parsed !== 'run') return { text: parsed.printed }
    return answer(proc, program, signal, stop.signal)
  })
}

async function answer(proc: ProcessLike, program: Program, signal: AbortSignal, stop: AbortSignal): Promise<AppResult> {
  const request = program.request()
  if (request === undefined) throw new Error('The command did not say what it wants')
  if (request.name === 'completion') return { text: completionScript(request.shell, 'fetcher') }
  const context = new Context(proc, program.common(), signal, stop)
  if (request.name === 'complete') {
    const { completeWords } = await import('./complete-words.js')
    return { text: await completeWords(context, program.command, request) }
  }
  const { text, document, exitCode = 0 } = await execute(context, request)
  return { text: context.common.json ? `${toHarmlessJson(document)}\n` : text, exitCode }
}
