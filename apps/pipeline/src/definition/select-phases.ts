import { SelectionError } from '../errors.js'
import type { Phase, Pipeline } from '../pipeline.js'
import { suggestName } from './nearest-name.js'

export interface Selection {
  /** `1,3-5`: ids, or what follows `phase` in them; a range is one of the order in the pipeline. */
  readonly phases?: string | undefined
  /** That phase and all that come after it. */
  readonly from?: string | undefined
}

/** The phases asked for, in the order of the pipeline. @throws SelectionError */
export function selectPhases(pipeline: Pipeline, { phases, from }: Selection): readonly Phase[] {
  let selected = pipeline.phases
  if (phases !== undefined) {
    const wanted = new Set(phases.split(',').flatMap((part) => findRange(pipeline, part.trim())))
    selected = selected.filter((phase) => wanted.has(phase))
  }
  if (from !== undefined) {
    const first = pipeline.phases.indexOf(findPhase(pipeline, from))
    selected = selected.filter((phase) => pipeline.phases.indexOf(phase) >= first)
  }
  if (selected.length === 0)
    throw new SelectionError('None of the phases is left to run', { hint: 'Look at --phases and --from' })
  return selected
}

/** @throws SelectionError when there is none of that name */
export function findPhase(pipeline: Pipeline, name: string): Phase {
  const ids = pipeline.phases.map(({ id }) => id)
  const found = pipeline.phases.find(({ id }) => id === name || id === `phase${name.replace('.', '_')}`)
  if (found !== undefined) return found
  throw new SelectionError(`The pipeline '${pipeline.name}' has no phase '${name}'${suggestName(name, ids)}`, {
    hint: `It has: ${ids.join(', ')}`,
  })
}

function findRange(pipeline: Pipeline, part: string): readonly Phase[] {
  const [first = '', last] = part.split('-')
  const begin = pipeline.phases.indexOf(findPhase(pipeline, first))
  if (last === undefined) return pipeline.phases.slice(begin, begin + 1)
  const end = pipeline.phases.indexOf(findPhase(pipeline, last))
  if (end < begin) throw new SelectionError(`The range of phases '${part}' runs backwards`)
  return pipeline.phases.slice(begin, end + 1)
}
