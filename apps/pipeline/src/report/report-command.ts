import { harmless } from '@holdfast/cli-kit'
import type { DefineCommand } from '../cli/command.js'
import { FILE_ARGUMENT, findState } from '../cli/find-state.js'
import { parseNumber, STATE_OPTION } from '../cli/option-values.js'
import { createReport } from './create-report.js'

interface Given {
  readonly pipelineJson?: string
  readonly fileId?: string
  readonly output?: string
  readonly history?: number
}

/** `pipeline report`: one page of HTML about a state. */
export const reportCommand: DefineCommand = (program, take) => {
  program
    .command('report')
    .description('write one self-contained HTML page: timeline, phases, failures, artifacts, history')
    .argument(...FILE_ARGUMENT)
    .option(...STATE_OPTION)
    .option('--file-id <id>', 'only this input (default: all of the state)')
    .option('-o, --output <path>', "the page (default: 'report.html' beside the state)")
    .option('--history <number>', 'how many transactions to tell (default: 30)', parseNumber)
    .action((file: string | undefined, { pipelineJson, fileId, output, history }: Given) => {
      take(async ({ dryRun, note, now }) => {
        const { path: statePath, pipeline } = await findState(file, pipelineJson)
        const options = { statePath, pipeline, fileId, output, historyLimit: history, dryRun, now }
        const { report, bytes, facts } = await createReport(options)
        if (dryRun) note(`would write ${bytes} bytes`)
        const inputs = facts.inputs.map(({ fileId: id, status, failures, failuresLeftOut }) => ({
          fileId: id,
          status,
          failures: failures.length + failuresLeftOut,
        }))
        return { text: `${harmless(report)}\n`, document: { state: statePath, report, bytes, inputs } }
      })
    })
}
