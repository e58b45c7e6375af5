import { UsageError } from '../cli/cli-errors.js'
import type { DefineCommand } from '../cli/command.js'
import { harmless } from '../cli/harmless.js'
import { createReport } from './create-report.js'

/** `pipeline report`: one page of HTML about a pipeline.json. */
export const reportCommand: DefineCommand = (program, take) => {
  program
    .command('report')
    .description('write one self-contained HTML page: timeline, phases, failures, artifacts, history')
    .option('--pipeline-json <path>', 'the state to report of', 'pipeline.json')
    .option('--file-id <id>', 'only this input (default: all inputs of the state)')
    .option('-o, --output <path>', "the page (default: 'report.html' beside the state)")
    .option('--history <count>', 'how many transactions to tell (default: 30)')
    .action((options: Readonly<Record<string, string | undefined>>) => {
      const historyLimit = parseCount(options['history'])
      take(async ({ dryRun, note, now }) => {
        const { pipelineJson: statePath = 'pipeline.json', fileId, output } = options
        const { report, bytes, facts } = await createReport({ statePath, fileId, output, historyLimit, dryRun, now })
        if (dryRun) note(`would write ${bytes} bytes`)
        const inputs = facts.inputs.map(({ fileId: id, status, failures, failuresLeftOut }) => ({
          fileId: id,
          status,
          failures: failures.length + failuresLeftOut,
        }))
        return { text: `${harmless(report)}\n`, document: { report, bytes, inputs } }
      })
    })
}

function parseCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new UsageError(`--history must be a whole number, not '${text}'`)
}
