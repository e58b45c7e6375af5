import type { Phase, Pipeline } from '../pipeline.js'
import { findVariables } from '../variables.js'
import type { Mistake } from './mistake.js'
import { suggestName } from './nearest-name.js'

const INPUT_NAMES = ['input', 'input.name', 'input.stem', 'input.ext', 'input.folder']
const ITEM_NAMES = ['item.id', 'item.path', 'item.stem', 'item.index']

/** The variables that do not exist where they are used. */
export function checkVariables(pipeline: Pipeline): Mistake[] {
  const inId = unknownIn(pipeline.fileId, INPUT_NAMES).map((message) => ({ path: ['fileId'], message }))
  return [...inId, ...pipeline.phases.flatMap((phase) => checkPhase(pipeline, phase))]
}

function checkPhase(pipeline: Pipeline, phase: Phase): Mistake[] {
  const params = [...new Set([...Object.keys(pipeline.params), ...Object.keys(phase.params)])]
  const ready = phase.needs.flatMap((id) => outputNames(pipeline, id))
  const run = [...INPUT_NAMES, 'file_id', 'folder', ...params.map((name) => `params.${name}`), ...ready]
  const unit = phase.items === undefined ? run : [...run, ...ITEM_NAMES]
  const outputs = Object.keys(phase.outputs).map((name) => `outputs.${name}`)
  const whole = [...unit, ...outputs, 'attempt']
  const uses: [path: PropertyKey[], text: string, known: string[]][] = [
    ...Object.entries(phase.params).map(([name, value]): [PropertyKey[], string, string[]] => [
      ['params', name],
      String(value),
      [...INPUT_NAMES, 'file_id', ...Object.keys(pipeline.params).map((param) => `params.${param}`)],
    ]),
    ...phase.inputs.map((text, index): [PropertyKey[], string, string[]] => [['inputs', index], text, unit]),
    ...Object.entries(phase.outputs).map(([name, { path }]): [PropertyKey[], string, string[]] => [
      ['outputs', name],
      path,
      unit,
    ]),
    ...(phase.check ?? []).map((text, index): [PropertyKey[], string, string[]] => [['check', index], text, whole]),
  ]
  if (phase.items !== undefined) {
    uses.push([['items', 'from'], phase.items.from, run], [['items', 'id'], phase.items.id, ITEM_NAMES])
  }
  if (phase.work.kind === 'command') {
    const { argv, shellLine, cwd, set } = phase.work
    for (const [index, text] of (argv ?? []).entries()) uses.push([['command', index], text, whole])
    if (shellLine !== undefined) uses.push([['command'], shellLine, whole])
    uses.push([['cwd'], cwd, unit])
    for (const [name, text] of Object.entries(set)) uses.push([['env', 'set', name], text, whole])
  }
  return uses.flatMap(([path, text, known]) =>
    unknownIn(text, known).map((message) => ({ path: ['phases', phase.id, ...path], message })),
  )
}

function outputNames(pipeline: Pipeline, id: string): string[] {
  const phase = pipeline.phases.find((candidate) => candidate.id === id)
  const own = Object.keys(phase?.outputs ?? {}).map((name) => `phases.${id}.outputs.${name}`)
  return [...own, ...(phase?.needs ?? []).flatMap((needed) => outputNames(pipeline, needed))]
}

function unknownIn(text: string, known: readonly string[]): string[] {
  return findVariables(text)
    .filter((name) => !known.includes(name))
    .map((name) => `there is no variable \${${name}} here${explain(name, known)}`)
}

function explain(name: string, known: readonly string[]): string {
  if (name.startsWith('phases.')) return suggestName(name, known) || '; a phase knows the outputs of those it needs'
  return suggestName(name, known)
}
