import { harmless } from '@holdfast/cli-kit'
import { loadPipeline } from '../../definition/load-pipeline.js'
import type { DefineCommand } from '../command.js'

export const defineValidate: DefineCommand = (program, take) => {
  program
    .command('validate')
    .description('check a pipeline; every mistake is told with its line')
    .argument('<file>', 'the pipeline')
    .action((file: string) =>
      take(async () => {
        const { name, phases } = await loadPipeline(file)
        const ids = phases.map(({ id }) => id)
        return {
          text: `'${harmless(file)}' is right: ${harmless(name)}, ${ids.length} phases (${ids.join(', ')})\n`,
          document: { valid: true, pipeline: name, phases: phases.map(({ id, name, needs }) => ({ id, name, needs })) },
        }
      }),
    )
}
