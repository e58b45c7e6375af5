import type { Pipeline } from '../pipeline.js'
import { labelOf } from './render-svg.js'

/** The phases and what they need, for Mermaid; those of items stand in a double box, optional ones in a round one. */
export function renderMermaid({ phases }: Pick<Pipeline, 'phases'>): string {
  const nodes = phases.map((phase) => {
    const text = `"${escapeText(phase.name)}<br/>${escapeText(labelOf(phase))}"`
    if (phase.items !== undefined) return `  ${nodeOf(phase.id)}[[${text}]]`
    return phase.optional ? `  ${nodeOf(phase.id)}(${text})` : `  ${nodeOf(phase.id)}[${text}]`
  })
  const arrows = phases.flatMap(({ id, needs }) => needs.map((need) => `  ${nodeOf(need)} --> ${nodeOf(id)}`))
  return ['flowchart TD', ...nodes, ...arrows, ''].join('\n')
}

/** Some words, such as `end`, mean something to Mermaid. */
function nodeOf(id: string): string {
  return `p_${id}`
}

function escapeText(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} .,:_'()/-]/gu, (char) => `#${char.codePointAt(0)};`)
}
