import { loadPipeline } from '../../definition/load-pipeline.js'
import { renderMermaid } from '../../graph/render-mermaid.js'
import { renderSvg } from '../../graph/render-svg.js'
import type { DefineCommand } from '../command.js'

export const defineGraph: DefineCommand = (program, take) => {
  program
    .command('graph')
    .description('the phases and what they need, as Mermaid')
    .argument('<file>', 'the pipeline')
    .option('--svg', 'as a picture in SVG')
    .action((file: string, { svg }: { readonly svg?: boolean }) =>
      take(async () => {
        const pipeline = await loadPipeline(file)
        const phases = pipeline.phases.map(({ id, name, needs, optional, items }) => ({
          ...{ id, name, needs, optional },
          items: items !== undefined,
        }))
        const text = svg === true ? renderSvg(pipeline) : renderMermaid(pipeline)
        return { text, document: { pipeline: pipeline.name, phases, [svg === true ? 'svg' : 'mermaid']: text } }
      }),
    )
}
