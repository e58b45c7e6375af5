import { findInputs } from '../../batch/find-inputs.js'
import { runBatch } from '../../batch/run-batch.js'
import type { Pipeline } from '../../pipeline.js'
import { previewRun, type RunPreview } from '../../preview/preview-run.js'
import { writeSummary } from '../../run/write-summary.js'
import type { CommandContext, CommandResult, DefineCommand } from '../command.js'
import { openDisplay } from '../display/open-display.js'
import { describeOutcome, renderBatch } from '../display/render-batch.js'
import { previewDocument, renderPreview } from '../display/render-preview.js'
import { EXIT_OF_STATUS } from '../exit-codes.js'
import { jobsOption, parseCount, retriesOption, STATE_OPTION, setOption } from '../option-values.js'
import { type GivenRunOptions, loadForRun, type SharedRunOptions } from '../run-options.js'

interface Given extends GivenRunOptions {
  readonly input: readonly string[]
  readonly parallel?: number
  readonly jobs?: number
}

export const defineBatch: DefineCommand = (program, take) => {
  program
    .command('batch')
    .description('run the phases on many inputs; one that fails stops no other')
    .argument('<file>', 'the pipeline')
    .requiredOption('--input <paths...>', "files, folders and globs (in quotes: 'books/*.txt')")
    .option(...STATE_OPTION)
    .option('--parallel <number>', 'inputs at the same time (default: 1)', parseCount)
    .addOption(jobsOption('phases and items at the same time, of all inputs (default: as --parallel)'))
    .option('--phases <list>', "only these, such as '1,3-5'")
    .option('--from <phase>', 'only this one and those after it')
    .option('--no-resume', 'do everything that was asked for again')
    .addOption(retriesOption())
    .addOption(setOption())
    .action((file: string, given: Given) => take((context) => batch(file, given, context)))
}

async function batch(file: string, given: Given, context: CommandContext): Promise<CommandResult> {
  const { pipeline, options } = await loadForRun(file, given)
  const inputs = await findInputs(given.input)
  if (context.dryRun) return preview(pipeline, inputs, options)
  const { parallel = 1, jobs = parallel } = given
  const { signal, hurry, now, env } = context
  using display = await openDisplay(context)
  const result = await runBatch(pipeline, {
    ...options,
    ...{ inputs, parallel, jobs, signal, hurry, now, env },
    onBegin: (fileId) => display.begin(options.phases ?? pipeline.phases, fileId),
    onEnd: (input) => display.end(input.fileId, `${describeOutcome(input)}${input.reason ? `: ${input.reason}` : ''}`),
  })
  const exitCode = EXIT_OF_STATUS[result.status]
  const document = { ...result, exitCode }
  await writeSummary(result.state, document)
  return { text: renderBatch(result), document, exitCode }
}

async function preview(
  pipeline: Pipeline,
  inputs: readonly string[],
  options: SharedRunOptions,
): Promise<CommandResult> {
  const previews: RunPreview[] = []
  for (const input of inputs) previews.push(await previewRun(pipeline, { ...options, input }))
  return {
    text: previews.map(renderPreview).join(''),
    document: { dryRun: true, inputs: previews.map(previewDocument) },
  }
}
