import { harmless } from '@holdfast/cli-kit'
import { findPhase } from '../../definition/select-phases.js'
import { type PhasePreview, previewRun } from '../../preview/preview-run.js'
import type { DefineCommand } from '../command.js'
import { renderPhase } from '../display/render-preview.js'
import { OperatorError } from '../operator-error.js'
import { fileIdOption, STATE_OPTION, setOption } from '../option-values.js'
import { type GivenRunOptions, loadForRun } from '../run-options.js'

interface Given extends GivenRunOptions {
  readonly input: string
  readonly fileId?: string
}

export const defineExplain: DefineCommand = (program, take) => {
  program
    .command('explain')
    .description('why a phase would run or be left alone, with every item')
    .argument('<file>', 'the pipeline')
    .argument('<phase>', "such as 'phase4' or '4'")
    .requiredOption('--input <path>', 'the file to work on')
    .option(...STATE_OPTION)
    .addOption(fileIdOption())
    .addOption(setOption())
    .action((file: string, name: string, given: Given) =>
      take(async () => {
        const { pipeline, options } = await loadForRun(file, given)
        const { id } = findPhase(pipeline, name)
        const own = { ...options, input: given.input, fileId: given.fileId, maxReasons: Number.POSITIVE_INFINITY }
        const preview = await previewRun(pipeline, own)
        const found = preview.phases.find(({ phase }) => phase === id)
        if (found === undefined) throw new OperatorError(`There is nothing to explain about '${id}'`)
        const { record, ...document } = found
        const lines = [...renderPhase(found, id.length), ...describeRecord(found).map((text) => `  ${text}`)]
        return {
          text: lines.map((line) => `${line}\n`).join(''),
          document: { fileId: preview.fileId, state: preview.state, ...document, record: record?.raw ?? null },
        }
      }),
    )
}

function describeRecord({ record }: PhasePreview): string[] {
  if (record === undefined) return ['nothing is recorded of it']
  const { status = 'nothing', attempts, fingerprint, outputs, items, raw } = record
  const log = raw['log']
  return [
    `recorded: ${harmless(status)}${attempts > 0 ? `, attempt ${attempts}` : ''}`,
    ...(items.length > 0
      ? [`items: ${items.filter((item) => item.status === 'success').length} of ${items.length} done`]
      : []),
    ...(fingerprint?.inputs ?? []).map(
      ({ path, sha256 }) => `made of ${harmless(path)} ${sha256.slice(0, HASH_LENGTH)}`,
    ),
    ...Object.entries(fingerprint?.values ?? {}).map(([name, value]) => `made with ${harmless(`${name}=${value}`)}`),
    ...Object.values(outputs)
      .flat()
      .map(({ path, bytes, sha256 }) => `wrote ${harmless(path)} ${bytes} bytes ${sha256.slice(0, HASH_LENGTH)}`),
    ...(typeof log === 'string' ? [`log: ${harmless(log)}`] : []),
  ]
}

const HASH_LENGTH = 12
