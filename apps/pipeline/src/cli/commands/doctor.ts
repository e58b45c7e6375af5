import { harmless } from '@holdfast/cli-kit'
import { findInputs } from '../../batch/find-inputs.js'
import { loadPipeline } from '../../definition/load-pipeline.js'
import { examine } from '../../doctor/examine.js'
import type { CommandContext, CommandResult, DefineCommand } from '../command.js'
import { EXIT } from '../exit-codes.js'
import { explainError } from '../explain-error.js'
import { fileIdOption, parseBytes, STATE_OPTION } from '../option-values.js'

interface Given {
  readonly pipelineJson?: string
  readonly input?: readonly string[]
  readonly fileId?: string
  readonly minFree: number
}

export const defineDoctor: DefineCommand = (program, take) => {
  program
    .command('doctor')
    .description('look at programs, folders, disk space, state and inputs before hours of work are spent')
    .argument('<file>', 'the pipeline')
    .option('--input <paths...>', 'files, folders and globs')
    .option(...STATE_OPTION)
    .addOption(fileIdOption())
    .option('--min-free <size>', "how much of a disk must be free, such as '500MB'", parseBytes, DEFAULT_MIN_FREE)
    .action((file: string, given: Given) => take((context) => doctor(file, given, context)))
}

async function doctor(
  file: string,
  { pipelineJson, input = [], fileId, minFree }: Given,
  { env }: CommandContext,
): Promise<CommandResult> {
  const pipeline = await loadPipeline(file)
  const inputs = input.length === 0 ? [] : await findInputs(input)
  const hintOf = (error: unknown): string | undefined => explainError(error).hint
  const findings = await examine(pipeline, {
    statePath: pipelineJson,
    inputs,
    fileId,
    minFreeBytes: minFree,
    env,
    hintOf,
  })
  const failed = findings.filter(({ level }) => level === 'failed').length
  const lines = findings.flatMap(({ check, level, message, fix }) => [
    `${level.padEnd(7)}  ${check.padEnd(11)}  ${harmless(message)}`,
    ...(fix === undefined ? [] : [`${' '.repeat(22)}${harmless(fix)}`]),
  ])
  const end = failed === 0 ? 'Nothing stands in the way of a run' : `${failed} to be mended first`
  return {
    text: [...lines, end].map((line) => `${line}\n`).join(''),
    document: { ok: failed === 0, findings },
    exitCode: failed === 0 ? EXIT.success : EXIT.failure,
  }
}

const DEFAULT_MIN_FREE = 1024 ** 3
