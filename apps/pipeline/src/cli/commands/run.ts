import { previewRun } from '../../preview/preview-run.js'
import { runPipeline } from '../../run/run-pipeline.js'
import { writeSummary } from '../../run/write-summary.js'
import type { CommandContext, CommandResult, DefineCommand } from '../command.js'
import { openDisplay } from '../display/open-display.js'
import { previewDocument, renderPreview } from '../display/render-preview.js'
import { renderResult } from '../display/render-result.js'
import { EXIT_OF_STATUS } from '../exit-codes.js'
import { fileIdOption, jobsOption, retriesOption, STATE_OPTION, setOption } from '../option-values.js'
import { type GivenRunOptions, loadForRun } from '../run-options.js'

interface Given extends GivenRunOptions {
  readonly input: string
  readonly fileId?: string
  readonly jobs?: number
}

export const defineRun: DefineCommand = (program, take) => {
  program
    .command('run')
    .description('run the phases on one input; what is done and unchanged is left alone')
    .argument('<file>', 'the pipeline')
    .requiredOption('--input <path>', 'the file to work on')
    .option(...STATE_OPTION)
    .addOption(fileIdOption())
    .option('--phases <list>', "only these, such as '1,3-5'")
    .option('--from <phase>', 'only this one and those after it')
    .option('--no-resume', 'do everything that was asked for again')
    .addOption(retriesOption())
    .addOption(setOption())
    .addOption(jobsOption('phases and items at the same time (default: 1)'))
    .action((file: string, given: Given) => take((context) => run(file, given, context)))
}

async function run(file: string, given: Given, context: CommandContext): Promise<CommandResult> {
  const { pipeline, options } = await loadForRun(file, given)
  const own = { ...options, input: given.input, fileId: given.fileId }
  if (context.dryRun) {
    const preview = await previewRun(pipeline, own)
    return { text: renderPreview(preview), document: previewDocument(preview) }
  }
  const { signal, hurry, now, env } = context
  using display = await openDisplay(context)
  const onEvent = display.begin(own.phases ?? pipeline.phases, undefined)
  const result = await runPipeline(pipeline, { ...own, jobs: given.jobs ?? 1, signal, hurry, now, env, onEvent })
  const exitCode = EXIT_OF_STATUS[result.status]
  const document = { ...result, exitCode }
  await writeSummary(result.state, document)
  return { text: renderResult(result), document, exitCode }
}
