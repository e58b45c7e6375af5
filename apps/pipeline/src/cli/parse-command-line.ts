import { UsageError } from '@holdfast/cli-kit'
import { Command, CommanderError } from 'commander'
import type { ReadyCommand } from './command.js'
import { COMMANDS } from './commands.js'

/** What the command line asks for: work, or only a text to print. */
export type ParsedCommandLine = { readonly work: ReadyCommand; readonly dryRun: boolean } | { readonly printed: string }

const EPILOGUE = `
FILE is a pipeline: YAML, or a module with 'export default definePipeline({ … })'.
--json and --dry-run may stand before or after the command. Results go to stdout, everything else to stderr.

Exit codes:
  0    success
  1    known failure: phases failed, pipeline.json damaged, another run of the same input, doctor found something, …
  2    wrong usage or an unexpected error
  3    partly done: some phases, items or inputs are done and recorded, some failed
  130  interrupted (SIGINT, SIGTERM, SIGHUP); what ran was ended and recorded`

/**
 * @throws UsageError that says what is wrong.
 * @example parseCommandLine(['run', 'audiobook.yaml', '--input', 'book.txt'], '1.0.0')
 */
export function parseCommandLine(args: readonly string[], version: string): ParsedCommandLine {
  const output = { printed: '', complaint: '' }
  let work: ReadyCommand | undefined
  const program = new Command('pipeline')
    .description('Runs the phases of a job, records every step, and resumes where it was.')
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .option('--json', 'print the result as one JSON document')
    .option('--dry-run', 'say what would be done and why; write nothing')
    .addHelpText('after', EPILOGUE)
  for (const define of COMMANDS) {
    define(program, (ready) => {
      work = ready
    })
  }
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({
        writeOut: (text) => {
          output.printed += text
        },
        writeErr: (text) => {
          output.complaint += text
        },
      })
  }
  try {
    program.parse(args.length === 0 ? ['--help'] : [...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0 && args.length > 0) return { printed: output.printed }
    const complaint = args.length === 0 ? 'missing command' : output.complaint.trim().replace(/^error: /, '')
    throw new UsageError(`${complaint}\nSee 'pipeline --help'`, { cause: error })
  }
  if (work === undefined) throw new UsageError("missing command\nSee 'pipeline --help'")
  return { work, dryRun: program.opts()['dryRun'] === true }
}
